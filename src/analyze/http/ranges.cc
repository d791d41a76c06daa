// SPDX-License-Identifier: Apache-2.0
#include "analyze/http/ranges.h"

#include <algorithm>

namespace quaywatch::analyze::http {

std::shared_ptr<File> Ranges::Open(const std::string& key, const FileOrigin& origin, Context& context) {
  const base::Timestamp now = context.now();
  const auto found = files_.find(key);
  if (found != files_.end() && now - found->second.used < kRangeTimeout) {
    found->second.used = now;
    found->second.file->AddFlow(context.flow());
    return found->second.file;
  }
  if (found != files_.end()) files_.erase(found);
  if (files_.size() >= kMaxRangeFiles) {
    files_.erase(std::min_element(files_.begin(), files_.end(),
                                  [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
  }
  return files_.emplace(key, Entry{context.OpenFile(origin), now}).first->second.file;
}

void Ranges::Advance(base::Timestamp now, model::RecordSink&) {
  constexpr base::Duration kSweepInterval = std::chrono::seconds(10);
  if (now - swept_ < kSweepInterval) return;
  swept_ = now;
  std::erase_if(files_, [now](const auto& entry) { return now - entry.second.used >= kRangeTimeout; });
}

void Ranges::Finish(model::RecordSink&) { files_.clear(); }

}  // namespace quaywatch::analyze::http
