// SPDX-License-Identifier: Apache-2.0
//
// The messages that set up a SOCKS connection. Each function reads one message off the beginning of what a
// side has sent: it moves `bytes` behind the message, or leaves it and says why not.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "analyze/socks/types.h"
#include "base/bytes.h"

namespace quaywatch::analyze::socks {

enum class Unread : uint8_t {
  kMore,     // the message goes on in bytes that have not come yet
  kInvalid,  // it is none
};

template <typename T>
using Parsed = std::expected<T, Unread>;

// SOCKS5: the methods the client offers; returns how many.
Parsed<uint8_t> TakeGreeting(base::Bytes& bytes);
// SOCKS5: the method the proxy has chosen.
Parsed<uint8_t> TakeMethod(base::Bytes& bytes);
// RFC 1929: the user's name; the password is skipped. REQUIRES: the version, its first byte, is 1.
Parsed<std::string> TakeLogin(base::Bytes& bytes);
// RFC 1929: the proxy's answer; 0 is success.
Parsed<uint8_t> TakeLoginReply(base::Bytes& bytes);
Parsed<Endpoint> TakeRequest(base::Bytes& bytes);

struct Reply {
  uint8_t status = 0;
  Endpoint bound;
};
Parsed<Reply> TakeReply(base::Bytes& bytes);

// A SOCKS4 request, whole: true once it is there.
Parsed<bool> TakeRequest4(base::Bytes& bytes);

// "succeeded" for 0; "unknown-N" for what RFC 1928 does not list.
std::string StatusText(uint8_t status);

}  // namespace quaywatch::analyze::socks
