// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/ids.h"
#include "model/record.h"

namespace quaywatch::analyze::ftp {

// Where a command had a data connection awaited.
struct DataChannel {
  std::optional<bool> passive;
  std::optional<model::IpAddress> orig_h;
  std::optional<model::IpAddress> resp_h;
  std::optional<model::Port> resp_p;
};

struct FtpRecord {
  base::Timestamp ts;
  model::Uid uid;
  model::FlowId id;
  std::string user = "<unknown>";
  std::optional<std::string> password;
  std::string command;
  std::optional<std::string> arg;
  std::optional<std::string_view> mime_type;
  std::optional<uint64_t> file_size;
  std::optional<uint64_t> reply_code;
  std::optional<std::string> reply_msg;
  DataChannel data_channel;
  std::optional<model::Uid> fuid;

  static const model::Schema& Schema();
};

}  // namespace quaywatch::analyze::ftp
