// SPDX-License-Identifier: Apache-2.0
//
// Everything below the IP header: link layers, VLAN tags, MPLS labels, PPPoE, LLC. Leaves the network
// layer's bytes, or nothing for what carries no IP.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "decode/weirds.h"
#include "model/packet.h"

namespace quaywatch::decode {

// Bytes of one layer: as captured, and how many there were on the wire (never fewer).
struct Layer {
  base::Bytes bytes;
  uint32_t wire_length = 0;

  // What follows `count` bytes of it. REQUIRES: count <= bytes.size().
  Layer After(size_t count) const { return {bytes.subspan(count), wire_length - static_cast<uint32_t>(count)}; }
};

enum class LinkOutcome : uint8_t { kIp, kNotIp, kBroken };

// Strips all link-layer headers off `layer`; on kIp it is left at the IP header. kBroken was reported.
LinkOutcome StripLink(model::LinkType link, Layer& layer, Weirds& weirds);

// The same from an EtherType on, the header that named it gone.
LinkOutcome StripEtherType(uint16_t ether_type, Layer& layer, Weirds& weirds);

}  // namespace quaywatch::decode
