// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "model/ids.h"
#include "model/record.h"

namespace quaywatch::analyze::redis {

struct RedisRecord {
  base::Timestamp ts;
  model::Uid uid;
  model::FlowId id;
  std::optional<std::string> cmd_name;
  std::optional<std::string> cmd_key;
  std::optional<std::string> cmd_value;
  std::optional<bool> success;
  std::optional<std::string> reply_value;

  static const model::Schema& Schema();
};

}  // namespace quaywatch::analyze::redis
