// SPDX-License-Identifier: Apache-2.0
//
// What client and proxy tell each other in SOCKS4 (with its extension 4A) and SOCKS5 (RFC 1928, 1929).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/address.h"

namespace quaywatch::analyze::socks {

// An address, a name or neither.
struct Address {
  std::optional<model::IpAddress> host;
  std::optional<std::string> name;  // at most 255 bytes
};

// Where the client wants to be connected to, or where the proxy is bound.
struct Endpoint {
  Address address;
  uint16_t port = 0;
};

// SOCKS5's ways to authenticate that matter here.
inline constexpr uint8_t kNoAuthentication = 0;
inline constexpr uint8_t kUserAndPassword = 2;
inline constexpr uint8_t kNoneAcceptable = 0xff;

}  // namespace quaywatch::analyze::socks
