// SPDX-License-Identifier: Apache-2.0
#include "pipeline/output.h"

#include <algorithm>

namespace quaywatch::pipeline {

Output WorkerSink::Take() {
  Output output{.once = std::exchange(once_, {}), .time = time_};
  for (emit::Formatter& formatter : formatters_) output.blocks.push_back(formatter.Take());
  return output;
}

base::Result<std::unique_ptr<Writer>> Writer::Open(const std::vector<emit::Options>& ways) {
  std::unique_ptr<Writer> writer(new Writer);
  for (const emit::Options& options : ways) {
    auto log = emit::LogWriter::Open(options);
    if (!log) return std::unexpected(log.error());
    writer->ways_.push_back({emit::Formatter(options), std::move(*log)});
  }
  return writer;
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
    for (size_t i = 0; i < ways_.size(); ++i) {
      for (const emit::Block& block : output.blocks[i]) {
        if (auto done = ways_[i].log->Append(block, output.time); !done) return done;
      }
    }
  }
  std::ranges::stable_sort(once, {}, &OnceRecord::packet);
  for (const OnceRecord& record : once) {
    if (!IsFirst(record)) continue;
    for (Way& way : ways_) {
      way.formatter.Write(*record.schema, record.record.get(), record.parties);
    }
  }
  for (Way& way : ways_) {
    for (const emit::Block& block : way.formatter.Take()) {
      if (auto done = way.log->Append(block, time_); !done) return done;
    }
  }
  return {};
}

base::Result<> Writer::Close() {
  base::Result<> first_failure;
  for (Way& way : ways_) {
    auto closed = way.log->Close(time_);
    if (!closed && first_failure) first_failure = closed;
  }
  return first_failure;
}

}  // namespace quaywatch::pipeline
