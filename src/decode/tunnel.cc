// SPDX-License-Identifier: Apache-2.0
#include "decode/tunnel.h"

#include <algorithm>
#include <optional>
#include <string>

#include "decode/ip.h"

namespace quaywatch::decode {
namespace {

using base::Bytes;
using base::LoadBig;
using model::Datagram;
using model::Transport;
using model::TunnelType;
using Form = Carried::Form;

enum Protocol : uint8_t { kIpv4 = 4, kIpv6 = 41, kGre = 47, kNoNext = 59 };

class TunnelFinder {
 public:
  TunnelFinder(Datagram& datagram, uint32_t missing, uint8_t max_depth, Weirds& weirds)
      : datagram_(datagram), missing_(missing), max_depth_(max_depth), weirds_(weirds) {}

  Carried Find() {
    switch (datagram_.ip_proto) {
      case kIpv4:
      case kIpv6:
        IpInIp(datagram_.transport_bytes, datagram_.ip_proto == kIpv4 ? 4 : 6, TunnelType::kIp);
        break;
      case kGre:
        Gre(datagram_.transport_bytes);
        break;
      default:
        if (datagram_.transport == Transport::kUdp) Udp();
    }
    return carried_;
  }

 private:
  bool TooDeep(std::string_view source) {
    if (datagram_.depth < max_depth_) return false;
    weirds_.Report("exceeded_tunnel_max_depth"_weird, source);
    return true;
  }

  void Carry(TunnelType type, Form form, Bytes bytes, uint16_t ether_type = 0) {
    datagram_.carries = type;
    carried_ = {form, ether_type, {bytes, static_cast<uint32_t>(bytes.size()) + missing_}};
  }

  // The datagram inside must fit its surroundings exactly, or it is no such tunnel.
  void IpInIp(Bytes bytes, uint8_t version, TunnelType type) {
    datagram_.carries = type;
    if (TooDeep("IPTUNNEL")) return;
    switch (CheckInnerIp(bytes, version)) {
      case InnerIp::kOk:
        return Carry(type, Form::kIp, bytes);
      case InnerIp::kBadVersion:
        weirds_.Report("invalid_inner_IP_version"_weird, "IPTUNNEL");
        return;
      case InnerIp::kTooShort:
        weirds_.Report("truncated_inner_IP"_weird, "IPTUNNEL");
        return;
      case InnerIp::kTooLong:
        weirds_.Report("inner_IP_payload_length_mismatch"_weird, "IPTUNNEL");
        return;
    }
  }

  // ---- GRE

  void GreWeird(const WeirdName& name, std::string_view addl = {}) { weirds_.Report(name, "GRE", addl); }

  void Gre(Bytes bytes) {
    datagram_.carries = TunnelType::kGre;
    if (bytes.size() < 4) return GreWeird("truncated_GRE"_weird);
    const auto flags = LoadBig<uint16_t>(&bytes[0]);
    const auto protocol = LoadBig<uint16_t>(&bytes[2]);
    const unsigned version = flags & 7;
    if (version > 1) return GreWeird("unknown_gre_version"_weird, "version=" + std::to_string(version));
    size_t length = 4;
    for (const unsigned optional : {0x8000, 0x2000, 0x1000, 0x0080}) length += (flags & optional) != 0 ? 4 : 0;

    Form form = Form::kIp;
    size_t inner_header = 0;
    if (version == 1) {
      if (protocol != 0x880b) return GreWeird("egre_protocol_type"_weird, "proto=" + std::to_string(protocol));
      inner_header = 4;
    } else {
      const auto erspan = ErspanLength(protocol, flags, bytes, length);
      if (!erspan) return GreWeird("truncated_GRE"_weird);
      if (protocol == 0x6558 || protocol == 0x88be || protocol == 0x22eb) {
        form = Form::kEthernet;
      } else if (IsAruba(protocol)) {
        if (bytes.size() <= length) return GreWeird("truncated_GRE"_weird);
        form = Form::kIeee80211;
      }
      length += *erspan;
    }
    if ((flags & 0x4000) != 0) return GreWeird("gre_routing"_weird);
    if ((flags & 0x0078) != 0) return GreWeird("unknown_gre_flags"_weird);
    if (bytes.size() < length + inner_header + (form == Form::kEthernet ? 14 : 0)) {
      return GreWeird("truncated_GRE"_weird);
    }
    if (version == 1) return Pptp(bytes.subspan(length));
    if (TooDeep("IPTUNNEL")) return;
    if (form == Form::kIp && protocol == 0x8847) {
      return Carry(TunnelType::kGre, Form::kEtherType, bytes.subspan(length), protocol);
    }
    Carry(TunnelType::kGre, form, bytes.subspan(length));
    // What was cut off is not made up for: a datagram inside that is not whole is broken.
    carried_.layer.wire_length = static_cast<uint32_t>(carried_.layer.bytes.size());
  }

  void Pptp(Bytes ppp) {
    const auto protocol = LoadBig<uint16_t>(&ppp[2]);
    if (protocol != 0x0021 && protocol != 0x0057) return GreWeird("non_ip_packet_in_encap"_weird);
    IpInIp(ppp.subspan(4), protocol == 0x0021 ? 4 : 6, TunnelType::kGre);
  }

  // Of the header between GRE's and a mirrored frame, 0 if there is none; nothing if it is cut off.
  static std::optional<size_t> ErspanLength(uint16_t protocol, uint16_t flags, Bytes bytes, size_t gre) {
    if (protocol == 0x6558 && bytes.size() <= gre + 14) return std::nullopt;
    if (protocol == 0x88be) {
      if (bytes.size() <= gre + 14) return std::nullopt;
      const size_t length = (flags & 0x1000) != 0 ? 8 : 0;  // type II has sequence numbers, type I no header
      return bytes.size() < gre + 14 + length ? std::nullopt : std::optional(length);
    }
    if (protocol == 0x22eb) {  // type III, with an optional platform-specific part
      if (bytes.size() <= gre + 14 + 12) return std::nullopt;
      const size_t length = (bytes[gre + 11] & 1) != 0 ? 20 : 12;
      return bytes.size() <= gre + 14 + length ? std::nullopt : std::optional(length);
    }
    return 0;
  }

  static bool IsAruba(unsigned protocol) {
    if (protocol == 0x9000) return true;
    if ((protocol & 0x0f) != 0) return false;
    return (protocol & 0x8200) == 0x8200 || ((protocol & 0x8300) == 0x8300 && protocol <= 0x8370);
  }

  // ---- over UDP

  void Udp() {
    if (datagram_.checksum_bad) return;
    for (const uint16_t port : {datagram_.dst_port, datagram_.src_port}) {
      switch (port) {
        case 4789:
          return Vxlan();
        case 6081:
          return Geneve();
        case 3544:
          return Teredo();
        case 5072:
          return Ayiya();
        case 2152:
        case 2123:
          return Gtp();
        case 4754:
          return GreOverUdp();
        default:
          break;
      }
    }
    const Bytes bytes = datagram_.payload;
    if (LooksLikeTeredo(bytes)) {
      Teredo();
    } else if (bytes.size() >= 3 && bytes[1] == 0x52 && bytes[2] == 0x11) {
      Ayiya();
    }
  }

  void Violate(TunnelType type) { datagram_.violates = type; }

  void Vxlan() {
    if (TooDeep("VXLAN")) return;
    const Bytes bytes = datagram_.payload;
    if (bytes.size() < 8 || (bytes[0] & 0x08) == 0) return Violate(TunnelType::kVxlan);
    Carry(TunnelType::kVxlan, Form::kEthernet, bytes.subspan(8));
    if (bytes.size() == 8) Empty("vxlan_empty_packet"_weird, "VXLAN");
  }

  void Geneve() {
    if (TooDeep("GENEVE")) return;
    const Bytes bytes = datagram_.payload;
    if (bytes.size() < 8) return Violate(TunnelType::kGeneve);
    if (const unsigned version = bytes[0] >> 6; version != 0) {
      return weirds_.Report("geneve_invalid_version"_weird, "GENEVE", std::to_string(version));
    }
    const size_t length = 8 + (bytes[0] & 0x3fu) * 4;
    if (bytes.size() < length) return Violate(TunnelType::kGeneve);
    const auto type = LoadBig<uint16_t>(&bytes[2]);
    Carry(TunnelType::kGeneve, type == 0x6558 ? Form::kEthernet : Form::kEtherType, bytes.subspan(length), type);
    if (bytes.size() == length) Empty("geneve_empty_packet"_weird, "GENEVE");
  }

  void Ayiya() {
    if (TooDeep("AYIYA")) return;
    const Bytes bytes = datagram_.payload;
    if (bytes.size() < 8) return Violate(TunnelType::kAyiya);
    const size_t identity = size_t{1} << (bytes[0] >> 4);
    const size_t length = 8 + identity + (bytes[1] >> 4) * size_t{4};
    if (bytes.size() < length) return Violate(TunnelType::kAyiya);
    constexpr unsigned kForward = 1;
    if ((bytes[2] & 0x0f) != kForward) return;
    const uint8_t next = bytes[3];
    const bool is_ip = next == kIpv4 || next == kIpv6;
    Carry(TunnelType::kAyiya, is_ip ? Form::kIp : Form::kNothing, bytes.subspan(length));
    if (bytes.size() == length) Empty("ayiya_empty_packet"_weird, "AYIYA");
  }

  void Empty(const WeirdName& name, std::string_view source) {
    if (carried_.form == Form::kNothing) return;
    weirds_.Report(name, source);
    carried_.form = Form::kNothing;
  }

  // GTP version 1; anything but user data, GTP' and extension headers that can't be skipped are left alone.
  void Gtp() {
    const Bytes bytes = datagram_.payload;
    if (bytes.size() < 8) return Violate(TunnelType::kGtpV1);
    const uint8_t flags = bytes[0];
    if (flags >> 5 != 1) return Violate(TunnelType::kGtpV1);
    constexpr uint8_t kUserData = 255;
    if ((flags & 0x10) == 0 || bytes[1] != kUserData) return;
    size_t length = 8;
    if ((flags & 0x07) != 0) {
      if (bytes.size() < 12) return Violate(TunnelType::kGtpV1);
      uint8_t next = (flags & 0x04) != 0 ? bytes[11] : 0;
      length = 12;
      while (next != 0) {
        if (bytes.size() <= length || bytes[length] == 0) return;
        length += bytes[length] * size_t{4};
        if (length > bytes.size()) return;
        next = bytes[length - 1];
      }
    }
    const Bytes inner = bytes.subspan(length);
    if (inner.size() < 20) return Violate(TunnelType::kGtpV1);
    const uint8_t version = inner[0] >> 4;
    if (version != 4 && version != 6) return Violate(TunnelType::kGtpV1);
    if (TooDeep("GTPV1")) return;
    if (CheckInnerIp(inner, version) != InnerIp::kOk) return Violate(TunnelType::kGtpV1);
    Carry(TunnelType::kGtpV1, Form::kIp, inner);
  }

  void GreOverUdp() {
    Gre(datagram_.payload);
    if (carried_.form == Form::kNothing) datagram_.carries = TunnelType::kNone;
  }

  // ---- Teredo

  // Worth a look on any port: an IPv6 packet of Teredo's prefix, or after Teredo's own headers.
  static bool LooksLikeTeredo(Bytes bytes) {
    if (bytes.size() < 40) return false;
    const bool ipv6 = bytes[0] >> 4 == 6;
    if (!ipv6 && (bytes[0] != 0 || bytes[1] > 1)) return false;
    const auto is_prefix = [&](size_t at) { return LoadBig<uint32_t>(&bytes[at]) == 0x20010000; };
    if (ipv6 && (is_prefix(8) || is_prefix(24))) return true;
    unsigned indicator = bytes[1];
    if (indicator == 1) {
      const size_t authentication = 13u + bytes[2] + bytes[3];
      if (bytes.size() < authentication + 40) return false;
      bytes = bytes.subspan(authentication);
      indicator = LoadBig<uint16_t>(&bytes[0]);
    }
    return indicator == 0 && bytes.size() >= 48 && bytes[8] >> 4 == 6;
  }

  // The IPv6 packet after Teredo's authentication and origin indication; empty if there is none.
  static Bytes SkipTeredoHeaders(Bytes bytes) {
    if (bytes.size() >= 4 && LoadBig<uint16_t>(&bytes[0]) == 1) {
      const size_t length = 13u + bytes[2] + bytes[3];
      if (bytes.size() < length) return {};
      bytes = bytes.subspan(length);
    }
    if (bytes.size() >= 8 && LoadBig<uint16_t>(&bytes[0]) == 0) bytes = bytes.subspan(8);
    if (bytes.size() < 40 || bytes[0] >> 4 != 6) return {};
    return bytes;
  }

  void Teredo() {
    if (TooDeep("TEREDO")) return;
    const Bytes inner = SkipTeredoHeaders(datagram_.payload);
    if (inner.empty()) return Violate(TunnelType::kTeredo);
    switch (CheckInnerIp(inner, 6)) {
      case InnerIp::kOk:
        break;
      case InnerIp::kTooLong:
        // A bubble, which only keeps a NAT open, is the one packet that may be followed by something.
        if (inner[6] != kNoNext || LoadBig<uint16_t>(&inner[4]) != 0) return Violate(TunnelType::kTeredo);
        datagram_.flow_weird = "Teredo_bubble_with_payload";
        break;
      default:
        return Violate(TunnelType::kTeredo);
    }
    Carry(TunnelType::kTeredo, Form::kIp, inner);
  }

  Datagram& datagram_;
  uint32_t missing_;
  uint8_t max_depth_;
  Weirds& weirds_;
  Carried carried_;
};

}  // namespace

Carried FindTunnel(Datagram& datagram, uint32_t missing, uint8_t max_depth, Weirds& weirds) {
  return TunnelFinder(datagram, missing, max_depth, weirds).Find();
}

}  // namespace quaywatch::decode
