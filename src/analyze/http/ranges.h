// SPDX-License-Identifier: Apache-2.0
//
// Files that clients fetch in pieces (RFC 9110, 14): each response holds a range, and all ranges of one URL
// fetched by one host are one file, whichever connections they come in.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>

#include "analyze/context.h"

namespace quaywatch::analyze::http {

// Files open at a time; to open one more, the one not used for longest is ended.
inline constexpr size_t kMaxRangeFiles = 1024;
// A file without new ranges for this long is over.
inline constexpr base::Duration kRangeTimeout = std::chrono::minutes(2);

class Ranges : public WorkerState {
 public:
  // The file of that key, opened from `origin` in `context` if there is none.
  std::shared_ptr<File> Open(const std::string& key, const FileOrigin& origin, Context& context);

  void Advance(base::Timestamp now, model::RecordSink& records) override;
  void Finish(model::RecordSink& records) override;

 private:
  struct Entry {
    std::shared_ptr<File> file;
    base::Timestamp used;
  };

  std::unordered_map<std::string, Entry> files_;
  base::Timestamp swept_;
};

}  // namespace quaywatch::analyze::http
