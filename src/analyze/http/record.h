// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/ids.h"
#include "model/record.h"

namespace quaywatch::analyze::http {

// A request and its response; either may be missing.
struct HttpRecord {
  base::Timestamp ts;
  model::Uid uid;
  model::FlowId id;
  uint64_t trans_depth = 0;
  std::optional<std::string> method;
  std::optional<std::string> host;
  std::optional<std::string> uri;
  std::optional<std::string> referrer;
  std::optional<std::string> version;
  std::optional<std::string> user_agent;
  std::optional<std::string> origin;
  uint64_t request_body_len = 0;
  uint64_t response_body_len = 0;
  std::optional<uint64_t> status_code;
  std::optional<std::string> status_msg;
  std::optional<uint64_t> info_code;
  std::optional<std::string> info_msg;
  model::Set<model::Enum> tags;
  std::optional<std::string> username;
  std::optional<std::string> password;
  std::optional<model::Set<std::string>> proxied;
  std::optional<std::vector<model::Uid>> orig_fuids;
  std::optional<std::vector<std::string>> orig_filenames;
  std::optional<std::vector<std::string>> orig_mime_types;
  std::optional<std::vector<model::Uid>> resp_fuids;
  std::optional<std::vector<std::string>> resp_filenames;
  std::optional<std::vector<std::string>> resp_mime_types;

  static const model::Schema& Schema();
};

}  // namespace quaywatch::analyze::http
