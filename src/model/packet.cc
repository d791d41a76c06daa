// SPDX-License-Identifier: Apache-2.0
#include "model/packet.h"

namespace quaywatch::model {

bool IsSupported(uint16_t link_type) {
  switch (static_cast<LinkType>(link_type)) {
    case LinkType::kNull:
    case LinkType::kEthernet:
    case LinkType::kPpp:
    case LinkType::kFddi:
    case LinkType::kRawBsd:
    case LinkType::kPppSerial:
    case LinkType::kPppoe:
    case LinkType::kRaw:
    case LinkType::kIeee80211:
    case LinkType::kLoop:
    case LinkType::kLinuxSll:
    case LinkType::kIeee80211Prism:
    case LinkType::kIeee80211Radio:
    case LinkType::kIeee80211Avs:
    case LinkType::kPpi:
    case LinkType::kIpv4:
    case LinkType::kIpv6:
    case LinkType::kNflog:
    case LinkType::kLinuxSll2:
      return true;
  }
  return false;
}

}  // namespace quaywatch::model
