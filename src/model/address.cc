// SPDX-License-Identifier: Apache-2.0
#include "model/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace quaywatch::model {
namespace {

struct Range {
  std::array<uint8_t, 16> prefix;
  int bits;
};

constexpr Range V4Range(uint8_t a, uint8_t b, uint8_t c, uint8_t d, int bits) {
  return {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}, 96 + bits};
}

// IANA's special-purpose ranges that are not globally reachable, and multicast (RFC 6890, 5771).
constexpr Range kPrivate[] = {
    V4Range(10, 0, 0, 0, 8),
    V4Range(172, 16, 0, 0, 12),
    V4Range(192, 168, 0, 0, 16),
    V4Range(127, 0, 0, 0, 8),
    V4Range(169, 254, 0, 0, 16),
    V4Range(100, 64, 0, 0, 10),
    V4Range(0, 0, 0, 0, 8),
    V4Range(192, 0, 0, 0, 24),
    V4Range(192, 0, 2, 0, 24),
    V4Range(198, 18, 0, 0, 15),
    V4Range(198, 51, 100, 0, 24),
    V4Range(203, 0, 113, 0, 24),
    V4Range(224, 0, 0, 0, 24),  // multicast that stays on the link, or with the organisation
    V4Range(239, 0, 0, 0, 8),
    V4Range(240, 0, 0, 0, 4),
    {{0xfe, 0x80}, 10},                                       // link-local
    {{0xfc}, 7},                                              // unique local
    {{}, 128},                                                // unspecified
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128},  // loopback
    {{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48},               // RFC 8215
    {{0x01, 0x00}, 64},                                       // discard only
    {{0x20, 0x01, 0x00}, 23},                                 // IETF protocol assignments
    {{0x20, 0x01, 0x0d, 0xb8}, 32},                           // documentation
    {{0x20, 0x02, 0x00}, 24},                                 // 6to4 of the IPv4 ranges above
    {{0x20, 0x02, 0x0a}, 24},
    {{0x20, 0x02, 0x64, 0x40}, 26},
    {{0x20, 0x02, 0x7f}, 24},
    {{0x20, 0x02, 0xa9, 0xfe}, 32},
    {{0x20, 0x02, 0xac, 0x10}, 28},
    {{0x20, 0x02, 0xc0, 0x00, 0x00}, 40},
    {{0x20, 0x02, 0xc0, 0x00, 0x02}, 40},
    {{0x20, 0x02, 0xc0, 0xa8}, 32},
    {{0x20, 0x02, 0xc6, 0x12}, 31},
    {{0x20, 0x02, 0xc6, 0x33, 0x64}, 40},
    {{0x20, 0x02, 0xcb, 0x00, 0x71}, 40},
    {{0x20, 0x02, 0xf0}, 20},
};

bool Contains(const Range& range, const std::array<uint8_t, 16>& address) {
  const int whole = range.bits / 8;
  if (std::memcmp(range.prefix.data(), address.data(), static_cast<size_t>(whole)) != 0) return false;
  const int rest = range.bits % 8;
  if (rest == 0) return true;
  const auto at = static_cast<size_t>(whole);
  return (range.prefix[at] ^ address[at]) >> (8 - rest) == 0;
}

}  // namespace

std::optional<IpAddress> IpAddress::Parse(std::string_view text) {
  char copy[64];
  if (text.empty() || text.size() >= sizeof copy || text.find('\0') != std::string_view::npos) return std::nullopt;
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = 0;
  uint8_t raw[16];
  if (inet_pton(AF_INET, copy, raw) == 1) return V4(raw);
  if (inet_pton(AF_INET6, copy, raw) == 1) return V6(raw);
  return std::nullopt;
}

bool IpAddress::is_private() const {
  for (const Range& range : kPrivate) {
    if (Contains(range, bytes_)) return true;
  }
  return false;
}

bool IpAddress::is_group() const {
  if (!is_v4()) return bytes_[0] == 0xff;
  return (bytes_[12] & 0xf0) == 0xe0 || base::LoadBig<uint32_t>(&bytes_[12]) == 0xffffffffu;
}

char* IpAddress::Format(char* out) const {
  if (is_v4()) {
    for (size_t i = 12; i < 16; ++i) {
      if (i > 12) *out++ = '.';
      out = std::to_chars(out, out + 3, bytes_[i]).ptr;
    }
    return out;
  }
  char text[INET6_ADDRSTRLEN];
  inet_ntop(AF_INET6, bytes_.data(), text, sizeof text);
  const size_t length = std::strlen(text);
  std::copy_n(text, length, out);
  return out + length;
}

std::string IpAddress::ToString() const {
  char text[kMaxAddressText];
  return {text, Format(text)};
}

}  // namespace quaywatch::model
