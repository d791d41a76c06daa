// SPDX-License-Identifier: Apache-2.0
#include "decode/link.h"

#include <string>

namespace quaywatch::decode {
namespace {

using base::LoadBig;
using base::LoadLittle;

// libpcap's NULL link layer holds the sender's AF_INET and AF_INET6; the latter differs by system.
LinkOutcome StripFamily(uint32_t family) {
  switch (family) {
    case 2:
    case 10:
    case 24:
    case 28:
    case 30:
      return LinkOutcome::kIp;
    default:
      return LinkOutcome::kNotIp;
  }
}

LinkOutcome StripNull(Layer& layer, Weirds& weirds) {
  if (layer.bytes.size() <= 4) return Broken(weirds, "null_analyzer_failed"_weird, "NULL");
  // In the sender's byte order (always big for LOOP); families are small numbers.
  const uint32_t little = LoadLittle<uint32_t>(layer.bytes.data());
  const uint32_t family = little <= 0xffff ? little : LoadBig<uint32_t>(layer.bytes.data());
  layer = layer.After(4);
  return StripFamily(family);
}

// linux/netfilter/nfnetlink_log.h: attributes up to the packet, in the capturing host's order.
LinkOutcome StripNflog(Layer& layer, Weirds& weirds) {
  constexpr uint16_t kPayload = 9;
  if (layer.bytes.size() <= 4) return Broken(weirds, "truncated_nflog_header"_weird, "NFLOG");
  const uint8_t family = layer.bytes[0];
  if (layer.bytes[1] != 0) return Broken(weirds, "unknown_nflog_version"_weird, "NFLOG");
  layer = layer.After(4);
  for (;;) {
    if (layer.bytes.size() <= 4) return Broken(weirds, "nflog_no_pcap_payload"_weird, "NFLOG");
    const uint16_t length = LoadLittle<uint16_t>(&layer.bytes[0]);
    const uint16_t type = LoadLittle<uint16_t>(&layer.bytes[2]);
    if (type == kPayload) {
      layer = layer.After(4);
      return StripFamily(family);
    }
    const size_t padded = (length + 3u) & ~size_t{3};
    if (length < 4) return Broken(weirds, "nflog_bad_tlv_len"_weird, "NFLOG");
    if (padded > layer.bytes.size()) {
      const std::string addl = "(" + std::to_string(padded) + " > " + std::to_string(layer.bytes.size()) + ")";
      return Broken(weirds, "nflog_bad_tlv_len"_weird, "NFLOG", addl);
    }
    layer = layer.After(padded);
  }
}

LinkOutcome StripPppProtocol(uint16_t protocol, Layer& layer, Weirds& weirds) {
  switch (protocol) {
    case 0x0021:
    case 0x0057:
      return LinkOutcome::kIp;
    case 0x0281:
      return StripEtherType(0x8847, layer, weirds);
    default:
      return LinkOutcome::kNotIp;
  }
}

// RFC 1661 with or without the HDLC framing of RFC 1662, or Cisco's HDLC, which names EtherTypes.
LinkOutcome StripPpp(Layer& layer, Weirds& weirds) {
  if (layer.bytes.size() <= 4) return Broken(weirds, "truncated_ppp_serial_header"_weird, "PPPSERIAL");
  const uint8_t address = layer.bytes[0];
  if ((address == 0x0f || address == 0x8f) && layer.bytes[1] == 0) {
    const auto type = LoadBig<uint16_t>(&layer.bytes[2]);
    layer = layer.After(4);
    return StripEtherType(type, layer, weirds);
  }
  if (address == 0xff && layer.bytes[1] == 0x03) layer = layer.After(2);
  uint16_t protocol = layer.bytes[0];
  if ((protocol & 1) != 0) {
    layer = layer.After(1);
  } else {
    protocol = LoadBig<uint16_t>(&layer.bytes[0]);
    layer = layer.After(2);
  }
  return StripPppProtocol(protocol, layer, weirds);
}

// RFC 2516, sessions only: discovery frames have other EtherTypes.
LinkOutcome StripPppoe(Layer& layer, Weirds& weirds) {
  if (layer.bytes.size() <= 8) return Broken(weirds, "truncated_pppoe_header"_weird, "PPPOE");
  const auto length = LoadBig<uint16_t>(&layer.bytes[4]);
  const auto protocol = LoadBig<uint16_t>(&layer.bytes[6]);
  // Senders that get the length wrong exist: IP knows its own.
  if (length + 6u < layer.wire_length) weirds.Report("pppoe_extra_data_after_payload"_weird, "PPPOE");
  if (length + 6u > layer.wire_length) return Broken(weirds, "pppoe_truncated_payload"_weird, "PPPOE");
  layer = layer.After(8);
  return StripPppProtocol(protocol, layer, weirds);
}

// RFC 3032: labels until the one marked as the last; what follows is taken for IP.
LinkOutcome StripMpls(Layer& layer, Weirds& weirds) {
  for (bool last = false; !last;) {
    if (layer.bytes.size() <= 4) return Broken(weirds, "truncated_link_header"_weird, "MPLS");
    last = (layer.bytes[2] & 1) != 0;
    layer = layer.After(4);
  }
  return LinkOutcome::kIp;
}

LinkOutcome CheckArp(const Layer& layer, Weirds& weirds) {
  const base::Bytes bytes = layer.bytes;
  if (bytes.size() < 8) return Broken(weirds, "truncated_ARP"_weird, "ARP");
  const size_t length = 8 + 2u * bytes[4] + 2u * bytes[5];
  if (bytes.size() < length) return Broken(weirds, "truncated_ARP"_weird, "ARP");
  return LinkOutcome::kNotIp;
}

// IEEE 802.2 with or without SNAP (RFC 1042). The layer is what follows the length field.
LinkOutcome StripLlc(Layer& layer, Weirds& weirds) {
  const base::Bytes bytes = layer.bytes;
  if (bytes.size() >= 2 && bytes[0] == 0xff && bytes[1] == 0xff) return LinkOutcome::kNotIp;  // Novell's raw 802.3
  const bool snap = bytes.size() >= 2 && bytes[0] == 0xaa && bytes[1] == 0xaa;
  if (bytes.size() < 3) {
    return snap ? Broken(weirds, "truncated_snap_llc_header"_weird, "SNAP")
                : Broken(weirds, "truncated_llc_header"_weird, "LLC");
  }
  const size_t control = (bytes[2] & 3) == 3 ? 3 : 4;
  if (!snap) {
    if (bytes.size() < control) return Broken(weirds, "truncated_llc_header"_weird, "LLC");
    return LinkOutcome::kNotIp;
  }
  if (bytes.size() < control + 5) return Broken(weirds, "truncated_snap_header"_weird, "SNAP");
  const bool ethernet = bytes[control] == 0 && bytes[control + 1] == 0 && bytes[control + 2] == 0;
  const auto type = LoadBig<uint16_t>(&bytes[control + 3]);
  layer = layer.After(control + 5);
  return ethernet ? StripEtherType(type, layer, weirds) : LinkOutcome::kNotIp;
}

LinkOutcome StripEthernet(Layer& layer, Weirds& weirds) {
  constexpr size_t kFabricPath = 16;  // Cisco's header, itself shaped like Ethernet's, before the frame
  if (layer.bytes.size() <= 16) return Broken(weirds, "truncated_ethernet_frame"_weird, "ETHERNET");
  auto type = LoadBig<uint16_t>(&layer.bytes[12]);
  if (type == 0x8903) {
    if (layer.bytes.size() <= kFabricPath + 14) return Broken(weirds, "truncated_link_header_cfp"_weird, "ETHERNET");
    layer = layer.After(kFabricPath);
    type = LoadBig<uint16_t>(&layer.bytes[12]);
  }
  layer = layer.After(14);
  if (type >= 1536) return StripEtherType(type, layer, weirds);
  if (type > 1500) return Broken(weirds, "undefined_ether_type"_weird, "ETHERNET");
  layer = layer.First(type);
  return StripLlc(layer, weirds);
}

// ISO 9314-2: frame control and two addresses, then LLC.
LinkOutcome StripFddi(Layer& layer, Weirds& weirds) {
  if (layer.bytes.size() <= 13) return Broken(weirds, "FDDI_analyzer_failed"_weird, "FDDI");
  layer = layer.After(13);
  return StripLlc(layer, weirds);
}

// 802.1Q and 802.1ad, as many tags as there are.
LinkOutcome StripVlans(Layer& layer, Weirds& weirds) {
  for (unsigned tags = 1;; ++tags) {
    if (layer.bytes.size() <= 4) return Broken(weirds, "truncated_VLAN_header"_weird, "VLAN");
    const auto type = LoadBig<uint16_t>(&layer.bytes[2]);
    if (tags > 2) {
      weirds.Report("triple_tagged_vlan_unsupported"_weird, "VLAN", "inner VLAN tag overwritten");
    }
    layer = layer.After(4);
    if (type == 0x8100 || type == 0x88a8 || type == 0x9100) continue;
    if (type >= 1536) return StripEtherType(type, layer, weirds);
    if (type > 1500) return Broken(weirds, "undefined_vlan_protocol"_weird, "VLAN");
    if (layer.bytes.size() < 2) return Broken(weirds, "truncated_VLAN_header"_weird, "VLAN");
    layer = layer.First(type);
    return StripLlc(layer, weirds);
  }
}

// A header of `length` bytes with an EtherType somewhere in it.
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
    case 0x0800:
    case 0x86dd:
      return LinkOutcome::kIp;
    case 0x0806:
    case 0x8035:
      return CheckArp(layer, weirds);
    case 0x8100:
    case 0x88a8:
    case 0x9100:
      return StripVlans(layer, weirds);
    case 0x8847:
    case 0x8848:
      return StripMpls(layer, weirds);
    case 0x8864:
      return StripPppoe(layer, weirds);
    case 0x8926:
      return StripFixed(layer, 6, 4, "truncated_vntag_header"_weird, "VNTAG", weirds);
    case 0x88e7:  // 802.1ah: service tag and the customer's frame
      return StripFixed(layer, 18, 16, "truncated_pbb_header"_weird, "PBB", weirds);
    default:
      return LinkOutcome::kNotIp;
  }
}

LinkOutcome StripLink(model::LinkType link, Layer& layer, Weirds& weirds) {
  using model::LinkType;
  switch (link) {
    case LinkType::kEthernet:
      return StripEthernet(layer, weirds);
    case LinkType::kFddi:
      return StripFddi(layer, weirds);
    case LinkType::kLinuxSll:
      return StripFixed(layer, 16, 14, "truncated_Linux_SLL_header"_weird, "LINUXSLL", weirds);
    case LinkType::kLinuxSll2:
      return StripFixed(layer, 20, 0, "truncated_Linux_SLL2_header"_weird, "LINUXSLL2", weirds);
    case LinkType::kNull:
    case LinkType::kLoop:
      return StripNull(layer, weirds);
    case LinkType::kRaw:
    case LinkType::kRawBsd:
    case LinkType::kIpv4:
    case LinkType::kIpv6:
      return LinkOutcome::kIp;
    case LinkType::kPpp:
    case LinkType::kPppSerial:
      return StripPpp(layer, weirds);
    case LinkType::kPppoe:
      return StripPppoe(layer, weirds);
    case LinkType::kNflog:
      return StripNflog(layer, weirds);
    case LinkType::kIeee80211:
      return StripIeee80211(layer, weirds);
    case LinkType::kIeee80211Radio:
      return StripRadiotap(layer, weirds);
    case LinkType::kIeee80211Prism:
      return StripPrism(layer, weirds);
    case LinkType::kIeee80211Avs:
      return StripAvs(layer, weirds);
    case LinkType::kPpi:
      return StripPpi(layer, weirds);
  }
  return LinkOutcome::kNotIp;
}

}  // namespace quaywatch::decode
