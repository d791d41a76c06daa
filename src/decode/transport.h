// SPDX-License-Identifier: Apache-2.0
//
// TCP (RFC 9293), UDP (RFC 768), ICMP (RFC 792), ICMPv6 (RFC 4443) and IGMP (RFC 3376) headers.
#pragma once

#include "decode/decoder.h"
#include "decode/weirds.h"
#include "model/datagram.h"

namespace quaywatch::decode {

// What the headers around it say of a transport segment.
struct Segment {
  uint32_t length = 0;  // on the wire, by the IP header
  bool verify_checksum = true;
  bool length_unstated = false;  // the IP header's length was zero; UDP's may be, too
};

// Fills what belongs to the transport from `datagram.transport_bytes`. False if the header is not whole:
// reported.
bool ParseTransport(model::Datagram& datagram, const Segment& segment, Weirds& weirds, Counters& counters);

}  // namespace quaywatch::decode
