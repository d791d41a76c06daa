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
  // Its first `count` bytes; all of it if it has fewer.
  Layer First(size_t count) const {
    if (count >= wire_length) return *this;
    return {bytes.first(count < bytes.size() ? count : bytes.size()), static_cast<uint32_t>(count)};
  }
};

enum class LinkOutcome : uint8_t {
  kIp,      // the layer is left at the IP header
  kNotIp,   // ARP, management frames and the like
  kBroken,  // reported
};

// Strips all link-layer headers off `layer`.
LinkOutcome StripLink(model::LinkType link, Layer& layer, Weirds& weirds);
// The same from what an EtherType announces on, the header that named it gone.
LinkOutcome StripEtherType(uint16_t ether_type, Layer& layer, Weirds& weirds);
// IEEE 802.11 and what capture programs put before it (wireless.cc).
LinkOutcome StripIeee80211(Layer& layer, Weirds& weirds);
LinkOutcome StripRadiotap(Layer& layer, Weirds& weirds);
LinkOutcome StripPrism(Layer& layer, Weirds& weirds);
LinkOutcome StripAvs(Layer& layer, Weirds& weirds);
LinkOutcome StripPpi(Layer& layer, Weirds& weirds);

// Reports `name` and says that the layer is broken.
inline LinkOutcome Broken(Weirds& weirds, const WeirdName& name, std::string_view source, std::string_view addl = {}) {
  weirds.Report(name, source, addl);
  return LinkOutcome::kBroken;
}

}  // namespace quaywatch::decode
