// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace quaywatch::analyze::syslog {

// RFC 3164, 4.1: "<PRI>" and the rest. Views into the packet.
struct Message {
  uint32_t facility = 0;
  uint32_t severity = 0;
  std::string_view text;
};

}  // namespace quaywatch::analyze::syslog
