// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "model/address.h"

namespace quaywatch::analyze::ftp {

// A command's word as sent and its argument. Views into the line.
struct Command {
  std::string_view word;
  std::string_view argument;
};

// A line of a reply.
struct Reply {
  uint32_t code = 0;  // 0 for a line between a reply's first and last
  std::string_view text;
  bool continues = false;
};

// Where a data connection is awaited.
struct Endpoint {
  std::optional<model::IpAddress> address;  // absent: the server's (EPSV)
  uint16_t port = 0;
};

}  // namespace quaywatch::analyze::ftp
