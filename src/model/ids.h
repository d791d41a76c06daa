// SPDX-License-Identifier: Apache-2.0
//
// Names of connections and files.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string_view>

#include "base/hash.h"
#include "model/address.h"

namespace quaywatch::model {

// Identifier of a connection ("C...") or a file ("F..."): a letter and 17 base-62 digits of a 96-bit
// hash, so that sensors need not agree on anything to be unique. Empty until made.
class Uid {
 public:
  static constexpr size_t kLength = 18;

  Uid() = default;
  static Uid Make(char kind, const base::Hash128& hash);

  bool empty() const { return text_[0] == 0; }
  std::string_view view() const { return empty() ? std::string_view() : std::string_view(text_.data(), kLength); }
  bool operator==(const Uid&) const = default;

 private:
  std::array<char, kLength> text_{};
};

enum class Transport : uint8_t { kUnknown, kTcp, kUdp, kIcmp };

// "tcp", "udp", "icmp" (both families), "unknown_transport".
std::string_view TransportName(Transport transport);

// A port in host order.
struct Port {
  uint16_t number = 0;
  auto operator<=>(const Port&) const = default;
};

// Who opened the connection and who answered. For ICMP the ports are the type and the code (of the
// request's counterpart on the responder's side), as in Zeek.
struct FlowId {
  IpAddress orig_h;
  IpAddress resp_h;
  Port orig_p;
  Port resp_p;
  bool operator==(const FlowId&) const = default;
};

}  // namespace quaywatch::model
