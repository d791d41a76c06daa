// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>

#include "base/ring.h"
#include "pipeline/runner.h"
#include "pipeline/stats_record.h"

namespace quaywatch::pipeline {
namespace {

// A worker hands over its output when it holds this much, or after this time.
constexpr size_t kOutputBytes = 128 * 1024;
constexpr base::Duration kOutputInterval = std::chrono::milliseconds(500);
constexpr auto kWriterPause = std::chrono::milliseconds(50);
// At the end, names that are on their way are waited for this long.
constexpr base::Duration kLastNames = std::chrono::seconds(1);
constexpr size_t kRingSlots = 64;

base::Timestamp WallClock() { return std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now()); }

struct Handover {
  Output output;
  Totals totals;  // of this worker since the start
  bool last = false;
};

// Takes packets from its own source until it is told to stop.
class LiveWorker {
 public:
  LiveWorker(const Options& options, std::unique_ptr<capture::Source> source, const std::atomic<bool>& stop)
      : source_(std::move(source)), worker_(options), stop_(stop), thread_([this] { Run(); }) {}
  ~LiveWorker() { thread_.join(); }

  std::optional<Handover> TryPop() { return out_.TryPop(); }

 private:
  void Run() {
    model::RawPacket packet;
    Clock clock;
    base::Timestamp next_handover{};
    uint64_t number = 0;
    // What came before the wish to stop still counts, though it waits in the ring.
    base::Timestamp end = base::Timestamp::max();
    while (true) {
      if (end == base::Timestamp::max() && stop_.load(std::memory_order_relaxed)) end = WallClock();
      const capture::Next next = source_->Read(packet);
      if (next == capture::Next::kPacket && packet.ts < end) {
        packet.number = ++number;
        clock.Advance(packet.ts);
        worker_.Packet(packet, clock);
      } else if (next == capture::Next::kIdle && end == base::Timestamp::max()) {
        // Silence ends flows, too.
        clock.Advance(WallClock());
        worker_.Advance(clock.now);
      } else {
        break;
      }
      if (clock.now >= next_handover || worker_.output_size() >= kOutputBytes) {
        HandOver(false);
        next_handover = clock.now + kOutputInterval;
      }
    }
    worker_.Finish();
    for (const base::Timestamp limit = WallClock() + kLastNames; worker_.waits_for_names() && WallClock() < limit;) {
      std::this_thread::sleep_for(kWriterPause);
      worker_.Advance(WallClock());
    }
    worker_.WaitNoLonger();
    HandOver(true);
  }

  void HandOver(bool last) {
    Handover handover{worker_.TakeOutput(), {}, last};
    handover.totals.Add(source_->counters());
    handover.totals.Add(worker_);
    out_.Push(std::move(handover));
  }

  std::unique_ptr<capture::Source> source_;
  Worker worker_;
  const std::atomic<bool>& stop_;
  base::Ring<Handover> out_{kRingSlots};
  std::thread thread_;  // last, so that it finds the rest made
};

// Writes stats and capture_loss and tells the caller.
class Statistics {
 public:
  Statistics(const Options& options, const Callbacks& callbacks, Writer& writer)
      : options_(options), callbacks_(callbacks), writer_(writer), last_time_(WallClock()) {}

  base::Result<> Report(const Totals& totals) {
    const base::Timestamp now = WallClock();
    WorkerSink sink(options_.emit);
    sink.set_position(0, now);
    const StatsRecord stats = StatsRecord::Of(totals, now);
    sink.Write(StatsRecord::Schema(), &stats, {});
    const CaptureLossRecord loss = CaptureLossRecord::Of(totals, last_, now, now - last_time_);
    sink.Write(CaptureLossRecord::Schema(), &loss, {});
    last_ = totals;
    last_time_ = now;
    callbacks_.statistics(totals);
    std::vector<Output> outputs;
    outputs.push_back(sink.Take());
    return writer_.Append(std::move(outputs));
  }
  bool IsDue() const { return WallClock() - last_time_ >= callbacks_.statistics_interval; }

 private:
  const Options& options_;
  const Callbacks& callbacks_;
  Writer& writer_;
  Totals last_;
  base::Timestamp last_time_;
};

Totals Sum(const std::vector<Totals>& shares) {
  Totals sum;
  for (const Totals& share : shares) sum.Add(share);
  return sum;
}

}  // namespace

base::Result<Totals> RunLive(const Options& options, const capture::LiveOptions& live, const Callbacks& callbacks) {
  auto writer = Writer::Open(options.emit);
  if (!writer) return std::unexpected(writer.error());
  auto sources = capture::OpenLive(live, options.workers);
  if (!sources) return std::unexpected(sources.error());
  callbacks.capture_open();

  // Ends the workers when the caller wants it or writing failed.
  std::atomic<bool> stop = false;
  std::vector<std::unique_ptr<LiveWorker>> workers;
  for (auto& source : *sources) workers.push_back(std::make_unique<LiveWorker>(options, std::move(source), stop));

  std::vector<Totals> shares(workers.size());
  Statistics statistics(options, callbacks, **writer);
  base::Result<> written;
  base::Timestamp told{};
  for (size_t running = workers.size(); running > 0;) {
    bool idle = true;
    for (size_t i = 0; i < workers.size(); ++i) {
      auto handover = workers[i]->TryPop();
      if (!handover) continue;
      idle = false;
      running -= handover->last;
      shares[i] = handover->totals;
      std::vector<Output> outputs;
      outputs.push_back(std::move(handover->output));
      if (written) written = (*writer)->Append(std::move(outputs));
    }
    if (written && statistics.IsDue()) written = statistics.Report(Sum(shares));
    if (!written || callbacks.stop.load(std::memory_order_relaxed)) stop.store(true, std::memory_order_relaxed);
    if (const base::Timestamp now = WallClock(); now - told >= kOutputInterval) {
      callbacks.totals(Sum(shares));
      told = now;
    }
    if (idle) std::this_thread::sleep_for(kWriterPause);
  }
  Totals totals = Sum(shares);
  if (written) written = statistics.Report(totals);
  auto closed = (*writer)->Close();
  if (!written) return std::unexpected(written.error());
  if (!closed) return std::unexpected(closed.error());
  return totals;
}

}  // namespace quaywatch::pipeline
