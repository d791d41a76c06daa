// SPDX-License-Identifier: Apache-2.0
//
// The parts of HTTP messages (RFC 9110, 9112). Views into the line they were found in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quaywatch::analyze::http {

// 0.0 until one was seen, and where the digits are none.
struct Version {
  uint8_t major = 0;
  uint8_t minor = 0;
  auto operator<=>(const Version&) const = default;

  bool known() const { return major != 0 || minor != 0; }
  // "1.1"
  std::string ToString() const { return {static_cast<char>('0' + major), '.', static_cast<char>('0' + minor)}; }
};

inline constexpr Version kHttp09{0, 9};
inline constexpr Version kHttp11{1, 1};

struct RequestLine {
  std::string_view method;
  std::string_view uri;            // percent-encoded, as sent; may hold blanks
  std::optional<Version> version;  // unset where "HTTP/" is there, but no room for digits
  // "http/" in small letters where the URI is expected, and where the version is.
  bool lowercase_uri = false;
  bool lowercase_version = false;
  bool uri_missing = false;
};

struct StatusLine {
  Version version;
  uint32_t code = 0;  // 0 if these are no three digits
  std::optional<std::string_view> reason;
  bool lowercase = false;  // "http/"
};

// Content-Range: bytes first-last/instance (RFC 9110, 14.4).
struct ContentRange {
  int64_t first = 0;
  int64_t last = 0;
  std::optional<int64_t> instance_length;  // unset for "*"
  std::string bad_instance;                // the whole range, where its length is no number and counts as 0
  int64_t length() const { return last - first + 1; }
};

// The headers that matter here; all others are kOther.
enum class Field : uint8_t {
  kOther,
  kAuthorization,
  kConnection,
  kContentDisposition,
  kContentEncoding,
  kContentLength,
  kContentRange,
  kContentType,
  kExpect,
  kHost,
  kOrigin,
  kProxied,  // any of those that tell of a proxy
  kRange,
  kReferer,
  kTransferEncoding,
  kUpgrade,
  kUserAgent,
};

// How a message's body is known to be there.
enum class Body : uint8_t { kNone, kMaybe, kExpected };

}  // namespace quaywatch::analyze::http
