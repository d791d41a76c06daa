// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "model/address.h"

namespace quaywatch::model {

// A range of addresses: 10.0.0.0/8, 2001:db8::/32.
struct Prefix {
  IpAddress address;
  int bits = 128;  // of the mapped form: an IPv4 /8 is 104

  // "10.0.0.0/8"; an address alone is a range of one. Nothing for anything else.
  static std::optional<Prefix> Parse(std::string_view text);
  bool Contains(const IpAddress& other) const;
};

}  // namespace quaywatch::model
