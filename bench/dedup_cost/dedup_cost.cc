// SPDX-License-Identifier: Apache-2.0
//
// What counting each connection once and naming its ends costs: CPU time per packet of the whole pipeline, logs
// formatted but not written, reading the file not counted,
//
//   without     each packet counts, nobody is named
//   with        each packet is seen on one interface; every private address is a container's
//   and copies  each packet is seen on another interface as well
//
// The three take turns; the fastest of each counts. Percentages are of the line above.
//
//   dedup_cost [--runs N] TRACE...      (5)
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "capture/file.h"
#include "enrich/directory.h"
#include "pipeline/worker.h"

using namespace quaywatch;

namespace {

// Of output that waits, as in the runner.
constexpr size_t kOutputBytes = 256 * 1024;
constexpr uint32_t kFirstInterface = 2, kOtherInterface = 3;

enum class Way : uint8_t { kRead, kWithout, kWith, kCopies };

double CpuNanoseconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

std::unique_ptr<capture::Source> Open(const std::string& path) {
  auto source = capture::OpenFile(path);
  if (source) return std::move(*source);
  std::fprintf(stderr, "%s\n", source.error().message.c_str());
  std::exit(1);
}

struct Nobody : model::WeirdSink {
  void PacketWeird(std::string_view, std::string_view, std::string_view) override {}
  void HostPairWeird(const model::IpAddress&, const model::IpAddress&, std::string_view, std::string_view,
                     std::string_view) override {}
  void FlowWeird(const model::FlowInfo&, std::string_view, std::string_view, std::string_view) override {}
};

// Every private address of the trace is a container's.
void Populate(const std::string& path, enrich::Directory& directory) {
  Nobody nobody;
  decode::Decoder decoder({}, nobody);
  std::set<model::IpAddress> addresses;
  const auto source = Open(path);
  model::RawPacket packet;
  while (source->Read(packet) == capture::Next::kPacket) {
    for (const model::Datagram* d = decoder.Decode(packet); d != nullptr; d = decoder.Inner()) {
      for (const model::IpAddress& address : {d->src, d->dst}) {
        if (address.is_private() && addresses.size() < enrich::Directory::kMaxClaims) addresses.insert(address);
      }
    }
  }
  uint32_t number = 0;
  for (const model::IpAddress& address : addresses) {
    enrich::Claim claim;
    claim.id = "container" + std::to_string(++number);
    claim.identity.kind = model::EndpointKind::kContainer;
    claim.identity.container = claim.id;
    claim.identity.image = "registry.example/image:1.0";
    claim.identity.labels = {"app=bench"};
    claim.addresses = {address};
    directory.Put(enrich::SourceKind::kDocker, std::move(claim));
  }
}

struct Counted {
  uint64_t packets = 0;  // in the file
  uint64_t records = 0;  // connections
};

double Run(const std::string& path, const pipeline::Options& options, Way way, Counted& counted) {
  const auto source = Open(path);
  pipeline::Worker worker(options);
  pipeline::Clock clock;
  model::RawPacket packet;
  counted = {};
  const double begin = CpuNanoseconds();
  while (source->Read(packet) == capture::Next::kPacket) {
    packet.number = ++counted.packets;
    if (way == Way::kRead) continue;
    packet.interface = kFirstInterface;
    clock.Advance(packet.ts);
    worker.Packet(packet, clock);
    if (way == Way::kCopies) {
      packet.interface = kOtherInterface;
      packet.outgoing = true;
      worker.Packet(packet, clock);
      packet.outgoing = false;
    }
    if (worker.output_size() >= kOutputBytes) worker.TakeOutput();
  }
  worker.Finish();
  worker.TakeOutput();
  counted.records = worker.counters().records;
  return CpuNanoseconds() - begin;
}

void Table(const std::string& path, int runs) {
  enrich::Directory directory({.labels = {"app"}, .node = "bench"});
  Populate(path, directory);
  // Its look-ups are part of the cost; without the right to ask conntrack, they are not.
  const auto translations = dedup::Translations::Open({});
  pipeline::Options without;
  without.emit.push_back({.format = emit::Format::kZeekTsv, .log_dir = "none"});
  pipeline::Options with = without;
  with.host.names = &directory;
  if (translations) with.host.translations = translations->get();

  constexpr Way kWays[] = {Way::kRead, Way::kWithout, Way::kWith, Way::kCopies};
  double best[std::size(kWays)];
  std::ranges::fill(best, std::numeric_limits<double>::infinity());
  Counted counted[std::size(kWays)];
  for (int i = 0; i < runs; ++i) {
    for (const Way way : kWays) {
      double& fastest = best[static_cast<size_t>(way)];
      fastest =
          std::min(fastest, Run(path, way <= Way::kWithout ? without : with, way, counted[static_cast<size_t>(way)]));
    }
  }
  const uint64_t packets = counted[0].packets;
  if (packets == 0) return;
  std::printf("%s: %llu packets%s\n  %-12s%12s%14s\n", path.c_str(), static_cast<unsigned long long>(packets),
              translations ? "" : ", without conntrack", "", "ns/packet", "connections");
  double before = 0;
  for (const auto& [name, way] :
       {std::pair{"without", Way::kWithout}, {"with", Way::kWith}, {"and copies", Way::kCopies}}) {
    const auto row = static_cast<size_t>(way);
    const double each = (best[row] - best[0]) / static_cast<double>(packets);
    std::printf("  %-12s%12.1f%14llu", name, each, static_cast<unsigned long long>(counted[row].records));
    if (before > 0) std::printf("   %+.1f ns, %+.1f %%", each - before, (each / before - 1) * 100);
    std::printf("\n");
    before = each;
  }
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  int runs = 5;
  std::vector<std::string> traces;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--runs" && i + 1 < argc) {
      runs = std::atoi(argv[++i]);
    } else {
      traces.emplace_back(argv[i]);
    }
  }
  if (traces.empty() || runs < 1) {
    std::fprintf(stderr, "usage: dedup_cost [--runs N] TRACE...\n");
    return 2;
  }
  for (const std::string& trace : traces) Table(trace, runs);
  return 0;
}
