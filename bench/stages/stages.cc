// SPDX-License-Identifier: Apache-2.0
//
// What each stage costs per packet: CPU time and allocations. Reads the file again and again, each time
// with one stage more, in one thread; a stage's share is the difference to the row before it. All logs are
// formatted as Zeek TSV in the last row, but not written.
//
//   stages_bench [--runs N] TRACE...      the fastest of N runs counts (3)
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "capture/file.h"
#include "pipeline/worker.h"
#include "stages/first_stages.h"

using namespace quaywatch;

namespace {

uint64_t allocations = 0;

void* Allocate(size_t size, size_t alignment) {
  ++allocations;
  void* const memory = alignment == 0 ? std::malloc(size) : std::aligned_alloc(alignment, size + (-size % alignment));
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

void* operator new(size_t size) { return Allocate(size, 0); }
void* operator new(size_t size, std::align_val_t alignment) { return Allocate(size, static_cast<size_t>(alignment)); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }

namespace {

// Of output that waits, as in the runner.
constexpr size_t kOutputBytes = 256 * 1024;

struct Cost {
  double nanoseconds = std::numeric_limits<double>::infinity();  // CPU
  uint64_t allocations = 0;
  uint64_t packets = 0;
};

double CpuNanoseconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

// What reads the packets and throws them away.
struct Nothing {
  void Packet(const model::RawPacket&, const pipeline::Clock&) {}
  void Finish() {}
};

struct WholeWorker {
  explicit WholeWorker(const pipeline::Options& options) : worker(options) {}
  void Packet(const model::RawPacket& packet, const pipeline::Clock& clock) {
    worker.Packet(packet, clock);
    if (worker.output_size() >= kOutputBytes) worker.TakeOutput();
  }
  void Finish() {
    worker.Finish();
    worker.TakeOutput();
  }
  pipeline::Worker worker;
};

template <typename Stages>
Cost Run(const std::string& path, Stages&& stages) {
  auto source = capture::OpenFile(path);
  if (!source) {
    std::fprintf(stderr, "%s\n", source.error().message.c_str());
    std::exit(1);
  }
  Cost cost;
  pipeline::Clock clock;
  model::RawPacket packet;
  const uint64_t allocations_before = allocations;
  const double begin = CpuNanoseconds();
  while ((*source)->Read(packet) == capture::Next::kPacket) {
    packet.number = ++cost.packets;
    clock.Advance(packet.ts);
    stages.Packet(packet, clock);
  }
  stages.Finish();
  cost.nanoseconds = CpuNanoseconds() - begin;
  cost.allocations = allocations - allocations_before;
  return cost;
}

Cost Measure(const std::string& path, std::string_view stage) {
  pipeline::Options options;
  if (stage == "read") return Run(path, Nothing());
  if (stage == "decode") return Run(path, bench::FirstStages(options, bench::LastStage::kDecode));
  if (stage == "flow") return Run(path, bench::FirstStages(options, bench::LastStage::kFlow));
  if (stage == "stream") return Run(path, bench::FirstStages(options, bench::LastStage::kStream));
  if (stage == "emit") options.emit.push_back({.format = emit::Format::kZeekTsv, .log_dir = "none"});
  return Run(path, WholeWorker(options));
}

void Table(const std::string& path, int runs) {
  std::printf("%s\n  %-10s%12s%10s%22s%10s\n", path.c_str(), "stage", "ns/packet", "added", "allocations/packet",
              "added");
  double before = 0, allocations_before = 0;
  uint64_t packets = 0;
  for (const char* stage : {"read", "decode", "flow", "stream", "analyze", "emit"}) {
    Cost best;
    for (int i = 0; i < runs; ++i) {
      const Cost cost = Measure(path, stage);
      if (cost.nanoseconds < best.nanoseconds) best = cost;
    }
    packets = best.packets;
    if (packets == 0) break;
    const double each = best.nanoseconds / static_cast<double>(packets);
    const double allocations_each = static_cast<double>(best.allocations) / static_cast<double>(packets);
    std::printf("  %-10s%12.1f%+10.1f%22.3f%+10.3f\n", stage, each, each - before, allocations_each,
                allocations_each - allocations_before);
    before = each;
    allocations_before = allocations_each;
  }
  std::printf("  over %llu packets\n\n", static_cast<unsigned long long>(packets));
}

}  // namespace

int main(int argc, char** argv) {
  int runs = 3;
  std::vector<std::string> traces;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--runs" && i + 1 < argc) {
      runs = std::atoi(argv[++i]);
    } else {
      traces.emplace_back(argv[i]);
    }
  }
  if (traces.empty() || runs < 1) {
    std::fprintf(stderr, "usage: stages_bench [--runs N] TRACE...\n");
    return 2;
  }
  for (const std::string& trace : traces) Table(trace, runs);
  return 0;
}
