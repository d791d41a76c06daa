// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "analyze/socks/types.h"
#include "model/ids.h"
#include "model/record.h"

namespace quaywatch::analyze::socks {

// A connection through a proxy that has answered.
struct SocksRecord {
  base::Timestamp ts;
  model::Uid uid;
  model::FlowId id;
  uint64_t version = 5;
  std::optional<std::string> user;
  std::optional<std::string> password;  // never set: passwords are not kept
  std::optional<std::string> status;
  Address request;
  std::optional<model::Port> request_p;
  Address bound;
  std::optional<model::Port> bound_p;

  static const model::Schema& Schema();
};

}  // namespace quaywatch::analyze::socks
