// SPDX-License-Identifier: Apache-2.0
//
// Network addresses, one type for both families.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace quaywatch::model {

// IPv6, or IPv4 in its mapped form (::ffff:a.b.c.d, RFC 4291 2.5.5.2). All zero means IPv6 "::".
class IpAddress {
 public:
  constexpr IpAddress() = default;
  // REQUIRES: 4 readable bytes.
  static IpAddress V4(const uint8_t* bytes) {
    IpAddress a;
    a.bytes_[10] = a.bytes_[11] = 0xff;
    std::memcpy(a.bytes_.data() + 12, bytes, 4);
    return a;
  }
  // REQUIRES: 16 readable bytes.
  static IpAddress V6(const uint8_t* bytes) {
    IpAddress a;
    std::memcpy(a.bytes_.data(), bytes, 16);
    return a;
  }
  // "10.0.0.1", "2001:db8::1"; nothing for anything else.
  static std::optional<IpAddress> Parse(std::string_view text);

  bool is_v4() const {
    static constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return std::memcmp(bytes_.data(), kMapped, sizeof kMapped) == 0;
  }
  // 4 bytes for IPv4, 16 for IPv6.
  base::Bytes bytes() const { return is_v4() ? base::Bytes(bytes_).subspan(12) : base::Bytes(bytes_); }
  const std::array<uint8_t, 16>& mapped() const { return bytes_; }

  // Private, link-local, loopback, shared and unique-local ranges, as Zeek's
  // Site::private_address_space counts them.
  bool is_private() const;
  // Multicast of either family, or IPv4's limited broadcast.
  bool is_group() const;

  // Longest text is 45 characters. Writes without a terminator and returns the end.
  char* Format(char* out) const;
  std::string ToString() const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  std::array<uint8_t, 16> bytes_{};
};

inline constexpr size_t kMaxAddressText = 45;

}  // namespace quaywatch::model
