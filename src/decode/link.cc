// SPDX-License-Identifier: Apache-2.0
#include "decode/link.h"

namespace quaywatch::decode {
namespace {

using base::LoadBig;

constexpr uint16_t kEtherIpv4 = 0x0800;
constexpr uint16_t kEtherVlan = 0x8100;
constexpr uint16_t kEtherIpv6 = 0x86dd;
constexpr uint16_t kEtherVlan9100 = 0x9100;
constexpr uint16_t kEtherQinQ = 0x88a8;

LinkOutcome Broken(Weirds& weirds, const WeirdName& name, std::string_view source) {
  weirds.Report(name, source);
  return LinkOutcome::kBroken;
}

LinkOutcome StripEthernet(Layer& layer, Weirds& weirds) {
  if (layer.bytes.size() <= 16) return Broken(weirds, "truncated_ethernet_frame"_weird, "ETHERNET");
  const auto type = LoadBig<uint16_t>(&layer.bytes[12]);
  layer = layer.After(14);
  if (type >= 1536) return StripEtherType(type, layer, weirds);
  if (type > 1500) return Broken(weirds, "undefined_ether_type"_weird, "ETHERNET");
  return LinkOutcome::kNotIp;
}

LinkOutcome StripVlan(Layer& layer, Weirds& weirds) {
  if (layer.bytes.size() <= 4) return Broken(weirds, "truncated_VLAN_frame"_weird, "VLAN");
  const auto type = LoadBig<uint16_t>(&layer.bytes[2]);
  layer = layer.After(4);
  return StripEtherType(type, layer, weirds);
}

LinkOutcome StripFixed(Layer& layer, size_t length, size_t type_at, const WeirdName& weird, std::string_view source,
                       Weirds& weirds) {
  if (layer.bytes.size() <= length) return Broken(weirds, weird, source);
  const auto type = LoadBig<uint16_t>(&layer.bytes[type_at]);
  layer = layer.After(length);
  return StripEtherType(type, layer, weirds);
}

}  // namespace

LinkOutcome StripEtherType(uint16_t ether_type, Layer& layer, Weirds& weirds) {
  switch (ether_type) {
    case kEtherIpv4:
    case kEtherIpv6:
      return LinkOutcome::kIp;
    case kEtherVlan:
    case kEtherQinQ:
    case kEtherVlan9100:
      return StripVlan(layer, weirds);
    default:
      return LinkOutcome::kNotIp;
  }
}

LinkOutcome StripLink(model::LinkType link, Layer& layer, Weirds& weirds) {
  using model::LinkType;
  switch (link) {
    case LinkType::kEthernet:
      return StripEthernet(layer, weirds);
    case LinkType::kLinuxSll:
      return StripFixed(layer, 16, 14, "truncated_Linux_SLL_header"_weird, "LINUXSLL", weirds);
    case LinkType::kLinuxSll2:
      return StripFixed(layer, 20, 0, "truncated_Linux_SLL2_header"_weird, "LINUXSLL2", weirds);
    case LinkType::kNull:
    case LinkType::kLoop:
      if (layer.bytes.size() <= 4) return Broken(weirds, "null_analyzer_failed"_weird, "NULL");
      layer = layer.After(4);
      return LinkOutcome::kIp;
    case LinkType::kRaw:
    case LinkType::kRawBsd:
    case LinkType::kIpv4:
    case LinkType::kIpv6:
      return LinkOutcome::kIp;
    default:
      return LinkOutcome::kNotIp;
  }
}

}  // namespace quaywatch::decode
