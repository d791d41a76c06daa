// SPDX-License-Identifier: Apache-2.0
#include "model/prefix.h"

#include <charconv>

namespace quaywatch::model {

std::optional<Prefix> Prefix::Parse(std::string_view text) {
  const size_t slash = text.find('/');
  const auto address = IpAddress::Parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  const int most = address->is_v4() ? 32 : 128;
  int bits = most;
  if (slash != text.npos) {
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, bits);
    if (error != std::errc() || stop != end || bits < 0 || bits > most) return std::nullopt;
  }
  return Prefix{*address, bits + 128 - most};
}

bool Prefix::Contains(const IpAddress& other) const {
  const auto& a = address.mapped();
  const auto& b = other.mapped();
  const auto whole = static_cast<size_t>(bits / 8);
  if (std::memcmp(a.data(), b.data(), whole) != 0) return false;
  const int rest = bits % 8;
  return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

}  // namespace quaywatch::model
