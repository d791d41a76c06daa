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
  model::IpAddress src;        // with a Mobile IPv6 home address applied
  model::IpAddress dst;        // with a routing header's final destination applied
  uint32_t total_length = 0;   // of the datagram; never more than the layer's wire length
  uint32_t header_length = 0;  // with options and extension headers
  uint8_t version = 0;
  uint8_t ttl = 0;
  uint8_t protocol = 0;          // after the extension headers
  bool encrypted = false;        // the last IPv6 extension header is ESP
  bool mobility = false;         // the last IPv6 extension header is Mobile IPv6's
  bool length_unstated = false;  // zero in the header: the sender's kernel did not cut the packet yet
  bool fragment = false;
  bool more_fragments = false;
  bool dont_fragment = false;
  uint16_t fragment_offset = 0;  // bytes
  uint32_t fragment_id = 0;
  uint32_t next_field = 0;      // IPv6: where the byte is that announced the fragment header
  uint32_t last_extension = 0;  // IPv6: where the last extension header begins; 0 if there is none
};

enum class IpOutcome : uint8_t { kOk, kBroken, kBadChecksum };

// Anything but kOk was reported, and the packet is of no use. After kOk the weirds know the header's
// addresses, which must not move. `offloaded`: a super-packet whose length need not fit the field.
IpOutcome ParseIp(const Layer& layer, bool offloaded, bool verify_checksum, IpHeader& header, Weirds& weirds);

// Is this an IP header of either version that states exactly `bytes` as its length?
enum class InnerIp : uint8_t { kOk, kBadVersion, kTooShort, kTooLong };
InnerIp CheckInnerIp(base::Bytes bytes, uint8_t version);

}  // namespace quaywatch::decode
