// SPDX-License-Identifier: Apache-2.0
#include "model/datagram.h"

namespace quaywatch::model {

std::string_view TunnelTypeName(TunnelType type) {
  switch (type) {
    case TunnelType::kIp:
      return "Tunnel::IP";
    case TunnelType::kGre:
      return "Tunnel::GRE";
    case TunnelType::kVxlan:
      return "Tunnel::VXLAN";
    case TunnelType::kGeneve:
      return "Tunnel::GENEVE";
    case TunnelType::kTeredo:
      return "Tunnel::TEREDO";
    case TunnelType::kGtpV1:
      return "Tunnel::GTPv1";
    case TunnelType::kAyiya:
      return "Tunnel::AYIYA";
    case TunnelType::kNone:
      break;
  }
  return "Tunnel::NONE";
}

}  // namespace quaywatch::model
