// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "model/ids.h"
#include "model/record.h"

namespace quaywatch::analyze::files {

struct FileRecord {
  base::Timestamp ts;
  model::Uid fuid;
  model::Uid uid;
  model::FlowId id;
  std::string_view source;
  uint64_t depth = 0;
  model::Set<std::string_view> analyzers;
  std::optional<std::string_view> mime_type;
  std::optional<std::string> filename;
  base::Duration duration{};
  bool local_orig = false;
  bool is_orig = false;
  uint64_t seen_bytes = 0;
  std::optional<uint64_t> total_bytes;
  uint64_t missing_bytes = 0;
  uint64_t overflow_bytes = 0;
  bool timedout = false;
  std::optional<model::Uid> parent_fuid;
  std::optional<std::string> md5;
  std::optional<std::string> sha1;
  std::optional<std::string> sha256;
  std::optional<std::string> extracted;
  std::optional<bool> extracted_cutoff;
  std::optional<uint64_t> extracted_size;

  static const model::Schema& Schema();
};

}  // namespace quaywatch::analyze::files
