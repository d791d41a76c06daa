// SPDX-License-Identifier: Apache-2.0
//
// Oddities of ICMPv6 messages whose checksum is right: neighbor discovery (RFC 4861) and multicast
// listener discovery (RFC 2710, RFC 3810) that end before their fixed parts do.
#pragma once

#include "decode/weirds.h"
#include "model/datagram.h"

namespace quaywatch::decode {

// Reports them, or leaves them in `datagram.flow_weird`.
void CheckIcmpV6(model::Datagram& datagram, Weirds& weirds);

}  // namespace quaywatch::decode
