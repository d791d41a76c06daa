// SPDX-License-Identifier: Apache-2.0
#include "pipeline/output.h"

#include <algorithm>

namespace quaywatch::pipeline {

Output WorkerSink::Take() { return {formatter_.Take(), std::exchange(once_, {}), time_}; }

base::Result<std::unique_ptr<Writer>> Writer::Open(const emit::Options& options) {
  auto log = emit::LogWriter::Open(options);
  if (!log) return std::unexpected(log.error());
  return std::unique_ptr<Writer>(new Writer(options, std::move(*log)));
}

bool Writer::IsFirst(const OnceRecord& record) {
  const uint64_t key = base::Hash64(record.key, base::Hash64(record.schema->name()));
  for (const auto* map : {&seen_, &seen_before_}) {
    const auto found = map->find(key);
    if (found != map->end() && record.time < found->second) return false;
  }
  if (seen_.size() >= kMaxKeys / 2) {
    seen_before_ = std::move(seen_);
    seen_.clear();
  }
  seen_[key] = record.time + record.window;
  return true;
}

base::Result<> Writer::Append(std::vector<Output> outputs) {
  std::vector<OnceRecord> once;
  for (Output& output : outputs) {
    time_ = std::max(time_, output.time);
    std::ranges::move(output.once, std::back_inserter(once));
    for (const emit::Block& block : output.blocks) {
      if (auto done = log_->Append(block, output.time); !done) return done;
    }
  }
  std::ranges::stable_sort(once, {}, &OnceRecord::packet);
  for (const OnceRecord& record : once) {
    if (IsFirst(record)) formatter_.Write(*record.schema, record.record.get());
  }
  for (const emit::Block& block : formatter_.Take()) {
    if (auto done = log_->Append(block, time_); !done) return done;
  }
  return {};
}

base::Result<> Writer::Close() { return log_->Close(time_); }

}  // namespace quaywatch::pipeline
