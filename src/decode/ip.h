// SPDX-License-Identifier: Apache-2.0
//
// IPv4 (RFC 791) and IPv6 (RFC 8200) headers with options and extension headers.
#pragma once

#include <cstdint>

#include "decode/link.h"
#include "decode/weirds.h"
#include "model/address.h"

namespace quaywatch::decode {

struct IpHeader {
  model::IpAddress src;  // as in the fixed header
  model::IpAddress dst;
  model::IpAddress final_dst;  // dst, or where a routing header leads in the end
  uint32_t total_length = 0;   // of the datagram; never more than the layer's wire length
  uint32_t header_length = 0;  // with options and extension headers
  uint8_t version = 0;
  uint8_t ttl = 0;
  uint8_t protocol = 0;    // after the extension headers
  bool encrypted = false;  // the last IPv6 extension header is ESP
  bool fragment = false;
  bool more_fragments = false;
  bool dont_fragment = false;
  uint16_t fragment_offset = 0;  // bytes
  uint32_t fragment_id = 0;
};

// False if the packet is of no use; why was reported. `expect_super`: the sender's kernel did not cut
// the packet yet, its length may not fit the field.
bool ParseIp(const Layer& layer, bool expect_super, bool verify_checksum, IpHeader& header, Weirds& weirds,
             bool& bad_checksum);

}  // namespace quaywatch::decode
