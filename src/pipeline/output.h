// SPDX-License-Identifier: Apache-2.0
//
// What a worker leaves for the writer: lines of most logs, and the few records that are written only if
// none like them was written before, which nobody but the writer can know.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "emit/log_writer.h"
#include "model/record.h"

namespace quaywatch::pipeline {

struct OnceRecord {
  uint64_t packet = 0;  // number of the packet that caused it: the order between workers
  base::Timestamp time;
  const model::Schema* schema = nullptr;
  std::shared_ptr<const void> record;
  std::string key;
  base::Duration window{};
  model::Parties parties;
};

struct Output {
  std::vector<std::vector<emit::Block>> blocks;  // by place in Options::emit
  std::vector<OnceRecord> once;
  base::Timestamp time{};  // packet time up to which it reaches
};

// Formats what a worker's stages write, for each way out. Not thread-safe.
class WorkerSink {
 public:
  explicit WorkerSink(const std::vector<emit::Options>& ways) : formatters_(ways.begin(), ways.end()) {}

  void Write(const model::Schema& schema, const void* record, const model::Parties& parties) {
    for (emit::Formatter& formatter : formatters_) formatter.Write(schema, record, parties);
  }
  // As model::RecordSink's.
  void WriteOnce(const model::Schema& schema, std::shared_ptr<const void> record, std::string key,
                 base::Duration window, const model::Parties& parties) {
    once_.push_back({packet_, time_, &schema, std::move(record), std::move(key), window, parties});
  }

  // What is written from now on was caused by this packet.
  void set_position(uint64_t packet, base::Timestamp time) {
    packet_ = packet;
    time_ = time;
  }
  size_t size() const {
    size_t size = once_.size() * 256;
    for (const emit::Formatter& formatter : formatters_) size += formatter.size();
    return size;
  }
  Output Take();

 private:
  std::vector<emit::Formatter> formatters_;
  std::vector<OnceRecord> once_;
  uint64_t packet_ = 0;
  base::Timestamp time_{};
};

// Brings the workers' outputs to the files.
class Writer {
 public:
  // Keys remembered at most; when there are more, those of the elder half are forgotten and may be
  // written again before their time.
  static constexpr size_t kMaxKeys = 1'000'000;

  static base::Result<std::unique_ptr<Writer>> Open(const std::vector<emit::Options>& ways);

  // The outputs of all workers for the same stretch of packets.
  base::Result<> Append(std::vector<Output> outputs);
  base::Result<> Close();

 private:
  Writer() = default;
  bool IsFirst(const OnceRecord& record);

  struct Way {
    emit::Formatter formatter;
    std::unique_ptr<emit::LogWriter> log;
  };
  std::vector<Way> ways_;
  std::unordered_map<uint64_t, base::Timestamp> seen_, seen_before_;
  base::Timestamp time_{};
};

}  // namespace quaywatch::pipeline
