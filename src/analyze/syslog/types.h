// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace quaywatch::analyze::syslog {

// Facility and severity of a message without "<PRI>".
inline constexpr uint32_t kUnspecified = 999;

// RFC 3164, 4.1: "<PRI>" and the rest. Views into the packet.
struct Message {
  uint32_t facility = kUnspecified;  // otherwise 0 to 127
  uint32_t severity = kUnspecified;  // otherwise 0 to 7
  std::string_view text;
};

}  // namespace quaywatch::analyze::syslog
