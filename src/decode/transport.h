// SPDX-License-Identifier: Apache-2.0
//
// TCP (RFC 9293), UDP (RFC 768), ICMP (RFC 792), ICMPv6 (RFC 4443) and SCTP (RFC 9260) headers.
#pragma once

#include "decode/decoder.h"
#include "decode/weirds.h"
#include "model/datagram.h"

namespace quaywatch::decode {

// Fills what belongs to the transport from `datagram.transport_bytes` and `length`, the bytes it had on
// the wire. False if the header is not whole: reported.
bool ParseTransport(model::Datagram& datagram, uint32_t length, bool verify_checksum, Weirds& weirds,
                    Counters& counters);

}  // namespace quaywatch::decode
