// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <mutex>
#include <thread>

#include "base/ring.h"
#include "capture/file.h"
#include "pipeline/runner.h"
#include "pipeline/steer.h"

namespace quaywatch::pipeline {
namespace {

// Output is given to the writer when a worker holds this much.
constexpr size_t kOutputBytes = 256 * 1024;
// Packets that are handed to the workers in one go, and their bytes.
constexpr size_t kBatchPackets = 2048;
constexpr size_t kBatchBytes = 512 * 1024;
constexpr size_t kRingSlots = 8;

// The files as one stream of packets with a common numbering and clock.
// LINKTYPE_LINUX_SLL2 ("tcpdump -i any"): the interface's index and the packet's way are in the link header.
void TakeSighting(model::RawPacket& packet) {
  constexpr size_t kHeader = 20;
  constexpr uint8_t kOutgoing = 4;  // PACKET_OUTGOING, linux/if_packet.h
  if (packet.link != model::LinkType::kLinuxSll2 || packet.data.size() < kHeader) return;
  packet.interface = base::LoadBig<uint32_t>(&packet.data[4]);
  packet.outgoing = packet.data[10] == kOutgoing;
}

class FileSequence {
 public:
  // `sightings`: say of each packet which interface showed it, as far as the capture tells.
  FileSequence(const std::vector<std::string>& paths, const std::string& filter, bool sightings,
               const Callbacks& callbacks)
      : paths_(paths), filter_(filter), sightings_(sightings), callbacks_(callbacks) {}

  // False at the end, at damage and when stopped.
  base::Result<bool> Read(model::RawPacket& packet, Clock& clock, Totals& totals) {
    while (!callbacks_.stop.load(std::memory_order_relaxed)) {
      if (source_ == nullptr) {
        if (next_ == paths_.size()) return false;
        auto opened = capture::OpenFile(paths_[next_], filter_);
        if (!opened) return std::unexpected(opened.error());
        source_ = std::move(*opened);
        ++next_;
      }
      switch (source_->Read(packet)) {
        case capture::Next::kPacket:
          packet.number = ++number_;
          if (sightings_) TakeSighting(packet);
          if (number_ == 1) totals.first = packet.ts;
          clock_.Advance(packet.ts);
          clock = clock_;
          totals.last = clock.now;
          if (number_ % 65536 == 0) Progress();
          return true;
        case capture::Next::kDamaged:
          totals.damage = source_->damage();
          Close(totals);
          return false;
        case capture::Next::kEnd:
          Close(totals);
          break;
        case capture::Next::kIdle:
          Progress();
          break;
      }
    }
    if (source_ != nullptr) Close(totals);
    return false;
  }

 private:
  void Progress() const {
    const double part = source_->progress();
    const auto files = static_cast<double>(paths_.size());
    callbacks_.progress(part < 0 ? part : (static_cast<double>(next_ - 1) + part) / files);
  }
  void Close(Totals& totals) {
    totals.Add(source_->counters());
    source_.reset();
  }

  const std::vector<std::string>& paths_;
  const std::string& filter_;
  const bool sightings_;
  const Callbacks& callbacks_;
  std::unique_ptr<capture::Source> source_;
  size_t next_ = 0;
  uint64_t number_ = 0;
  Clock clock_;
};

base::Result<> Drain(Worker& worker, Writer& writer) {
  std::vector<Output> outputs;
  outputs.push_back(worker.TakeOutput());
  return writer.Append(std::move(outputs));
}

// The deterministic runner: one thread, packet by packet.
base::Result<Totals> RunFilesAlone(const Options& options, FileSequence& files, Writer& writer) {
  Totals totals;
  Worker worker(options);
  model::RawPacket packet;
  Clock clock;
  while (true) {
    auto more = files.Read(packet, clock, totals);
    if (!more) return std::unexpected(more.error());
    if (!*more) break;
    worker.Packet(packet, clock);
    if (worker.output_size() < kOutputBytes) continue;
    if (auto done = Drain(worker, writer); !done) return std::unexpected(done.error());
  }
  worker.Finish();
  if (auto done = Drain(worker, writer); !done) return std::unexpected(done.error());
  totals.Add(worker);
  return totals;
}

// Packets with their bytes, divided among the workers.
struct Batch {
  std::vector<uint8_t> bytes;
  struct Item {
    model::RawPacket packet;  // data is empty; see offset
    size_t offset;
    size_t size;
    Clock clock;
  };
  std::vector<std::vector<Item>> items;  // by worker
  std::vector<base::Timestamp> clocks;   // after each packet, whosever it is
  uint64_t first = 0;                    // number of the first packet
  bool last = false;
};

// Whatever ends by time ends with the same packet of the capture for any number of workers, so that each
// worker follows the clock over the packets of the others, too.
void WorkThrough(const Batch& batch, unsigned index, Worker& worker) {
  size_t at = 0;
  const auto pass_up_to = [&](size_t end) {
    for (; at < end; ++at) worker.Pass(batch.first + at, batch.clocks[at]);
  };
  for (Batch::Item item : batch.items[index]) {
    pass_up_to(item.packet.number - batch.first);
    item.packet.data = base::Bytes(batch.bytes).subspan(item.offset, item.size);
    worker.Packet(item.packet, item.clock);
    ++at;
  }
  pass_up_to(batch.clocks.size());
  if (batch.last) worker.Finish();
}

struct WorkerThread {
  WorkerThread(const Options& options, unsigned index)
      : worker(options), thread([this, index] {
          for (bool last = false; !last;) {
            const std::shared_ptr<const Batch> batch = in.Pop();
            last = batch->last;
            WorkThrough(*batch, index, worker);
            out.Push(worker.TakeOutput());
          }
        }) {}

  base::Ring<std::shared_ptr<const Batch>> in{kRingSlots};
  base::Ring<Output> out{kRingSlots};
  Worker worker;
  std::thread thread;  // last, so that it finds the rest made
};

// Reads the next batch. One that ends the input is marked as last.
base::Result<std::shared_ptr<Batch>> ReadBatch(FileSequence& files, unsigned workers, Totals& totals) {
  auto batch = std::make_shared<Batch>();
  batch->items.resize(workers);
  batch->bytes.reserve(kBatchBytes + 65536);
  batch->clocks.reserve(kBatchPackets);
  model::RawPacket packet;
  Clock clock;
  for (size_t count = 0; count < kBatchPackets && batch->bytes.size() < kBatchBytes; ++count) {
    auto more = files.Read(packet, clock, totals);
    if (!more) return std::unexpected(more.error());
    if (!*more) {
      batch->last = true;
      break;
    }
    Batch::Item item{packet, batch->bytes.size(), packet.data.size(), clock};
    if (batch->clocks.empty()) batch->first = packet.number;
    batch->clocks.push_back(clock.now);
    batch->bytes.insert(batch->bytes.end(), packet.data.begin(), packet.data.end());
    item.packet.data = {};
    batch->items[WorkerFor(packet, workers)].push_back(item);
  }
  return batch;
}

base::Result<Totals> RunFilesTogether(const Options& options, FileSequence& files, Writer& writer) {
  Totals totals;
  std::vector<std::unique_ptr<WorkerThread>> workers;
  for (unsigned i = 0; i < options.workers; ++i) workers.push_back(std::make_unique<WorkerThread>(options, i));

  // Every worker answers every batch, so that the writer knows when a stretch of packets is complete.
  base::Ring<bool> batches(kRingSlots * 4);
  base::Result<> written;
  std::atomic<bool> write_failed = false;
  std::thread writing([&] {
    for (bool last = false; !last;) {
      last = batches.Pop();
      std::vector<Output> outputs;
      for (auto& worker : workers) outputs.push_back(worker->out.Pop());
      if (written) written = writer.Append(std::move(outputs));
      if (!written) write_failed.store(true, std::memory_order_relaxed);
    }
  });

  base::Result<> read;
  for (bool last = false; !last;) {
    auto batch = ReadBatch(files, options.workers, totals);
    if (!batch) {
      read = std::unexpected(batch.error());
      batch = std::make_shared<Batch>();
      (*batch)->items.resize(options.workers);
      (*batch)->last = true;
    }
    if (write_failed.load(std::memory_order_relaxed)) (*batch)->last = true;
    last = (*batch)->last;
    for (auto& worker : workers) worker->in.Push(*batch);
    batches.Push(last);
  }
  writing.join();
  for (auto& worker : workers) {
    worker->thread.join();
    totals.Add(worker->worker);
  }
  if (!read) return std::unexpected(read.error());
  if (!written) return std::unexpected(written.error());
  return totals;
}

}  // namespace

base::Result<Totals> RunFiles(const Options& options, const std::vector<std::string>& paths, const std::string& filter,
                              const Callbacks& callbacks) {
  auto writer = Writer::Open(options.emit);
  if (!writer) return std::unexpected(writer.error());
  FileSequence files(paths, filter, options.host.names != nullptr, callbacks);
  auto totals =
      options.workers <= 1 ? RunFilesAlone(options, files, **writer) : RunFilesTogether(options, files, **writer);
  // Also after an error: what was written is completed.
  auto closed = (*writer)->Close();
  if (!totals) return totals;
  if (!closed) return std::unexpected(closed.error());
  return totals;
}

}  // namespace quaywatch::pipeline
