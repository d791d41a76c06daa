// SPDX-License-Identifier: Apache-2.0
//
// What a DHCP message says (RFC 2131, 2; options RFC 2132), as far as dhcp.log tells it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/address.h"

namespace quaywatch::analyze::dhcp {

// Views into the packet.
struct Message {
  uint32_t transaction = 0;
  uint8_t type = 0;  // option 53; 0 if it is missing
  model::IpAddress assigned;
  std::string hardware_address;  // "00:0b:82:01:fc:42"
  std::optional<std::string_view> host_name;
  std::optional<std::string_view> domain_name;
  std::optional<model::IpAddress> requested;
  std::optional<uint32_t> lease;  // seconds
  std::optional<std::string_view> message;
  std::optional<std::string> ethernet_client_id;  // like hardware_address; empty if it is not an address
  std::optional<std::string_view> client_fqdn;
};

}  // namespace quaywatch::analyze::dhcp
