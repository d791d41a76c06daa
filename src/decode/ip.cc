// SPDX-License-Identifier: Apache-2.0
#include "decode/ip.h"

#include <string>

#include "decode/checksum.h"

namespace quaywatch::decode {
namespace {

using base::Bytes;
using base::LoadBig;
using model::IpAddress;

constexpr std::string_view kSource = "IP";
constexpr size_t kIpv4Length = 20;
constexpr size_t kIpv6Length = 40;

enum Extension : uint8_t {
  kHopByHop = 0,
  kRouting = 43,
  kFragment = 44,
  kEsp = 50,
  kAuth = 51,
  kNone = 59,
  kDestination = 60,
  kMobility = 135,
};

bool IsExtension(uint8_t next) {
  return next == kHopByHop || next == kRouting || next == kFragment || next == kEsp || next == kAuth ||
         next == kDestination || next == kMobility;
}

IpOutcome Reject(Weirds& weirds, const WeirdName& name) {
  weirds.Report(name, kSource);
  return IpOutcome::kBroken;
}

// Walks IPv6 extension headers. What it finds odd is about the hosts known so far and keeps its name
// inside tunnels, whatever becomes of the packet.
class Ipv6Extensions {
 public:
  Ipv6Extensions(IpHeader& header, Weirds& weirds) : header_(header), weirds_(weirds) {}

  void Walk(Bytes bytes) {
    size_t at = kIpv6Length;
    size_t next_field = 6;
    while (IsExtension(bytes[next_field]) && bytes.size() - at >= 2) {
      const uint8_t type = bytes[next_field];
      const size_t length = Length(type, bytes[at + 1]);
      if (length > bytes.size() - at) break;
      const Bytes extension = bytes.subspan(at, length);
      if (type == kRouting) Routing(extension);
      if (type == kDestination) DestinationOptions(extension.subspan(2));
      at += length;
      if (type == kEsp) {
        header_.encrypted = true;
        break;
      }
      if (type == kFragment) {
        Fragment(extension);
        header_.next_field = static_cast<uint32_t>(next_field);
      }
      next_field = at - length;
      header_.last_extension = static_cast<uint32_t>(next_field);
      if (type == kMobility) header_.mobility = true;
      if (type == kFragment || type == kMobility) break;
    }
    header_.protocol = header_.encrypted ? uint8_t{kNone} : bytes[next_field];
    header_.header_length = static_cast<uint32_t>(at);
  }

 private:
  static size_t Length(uint8_t type, uint8_t field) {
    if (type == kFragment || type == kEsp) return 8;
    return type == kAuth ? (field + 2u) * 4 : (field + 1u) * 8;
  }

  void Weird(std::string_view name, std::string_view addl = {}) {
    weirds_.ReportAbout(header_.src, header_.dst, name, addl);
  }

  void Routing(Bytes r) {
    if (routed_) return Weird("multiple_routing_headers");
    const uint8_t units = r[1], type = r[2], segments_left = r[3];
    if (type == 0) {
      if (segments_left > 0 && units >= 2) {
        if (units % 2 == 0) {
          RouteTo(r);
        } else {
          Weird("odd_routing0_len");
        }
      }
      Weird("routing0_hdr");
    } else if (type == 2) {
      if (segments_left == 0) return;
      if (units == 2) {
        RouteTo(r);
      } else {
        Weird("bad_routing2_len");
      }
    } else {
      Weird("unknown_routing_type", std::to_string(type));
    }
  }

  // The last address of a routing header is where the packet will end.
  void RouteTo(Bytes r) {
    header_.dst = IpAddress::V6(r.data() + r.size() - 16);
    routed_ = true;
  }

  void DestinationOptions(Bytes options) {
    constexpr uint8_t kHomeAddress = 201;  // RFC 6275 6.3
    while (!options.empty()) {
      if (options[0] == 0) {
        options = options.subspan(1);
        continue;
      }
      if (options.size() < 2 || options.size() < 2u + options[1]) return Weird("bad_ipv6_dest_opt_len");
      if (options[0] == kHomeAddress) {
        if (options[1] != 16) {
          Weird("bad_home_addr_len");
        } else if (at_home_) {
          Weird("multiple_home_addr_opts");
        } else {
          header_.src = IpAddress::V6(&options[2]);
          at_home_ = true;
        }
      }
      options = options.subspan(2u + options[1]);
    }
  }

  void Fragment(Bytes f) {
    const auto offset = LoadBig<uint16_t>(&f[2]);
    header_.fragment = true;
    header_.fragment_offset = offset & 0xfff8;
    header_.more_fragments = (offset & 1) != 0;
    header_.fragment_id = LoadBig<uint32_t>(&f[4]);
  }

  IpHeader& header_;
  Weirds& weirds_;
  bool routed_ = false;
  bool at_home_ = false;
};

void ParseV4(Bytes bytes, IpHeader& header) {
  header.src = IpAddress::V4(&bytes[12]);
  header.dst = IpAddress::V4(&bytes[16]);
  header.header_length = (bytes[0] & 15u) * 4;
  header.total_length = LoadBig<uint16_t>(&bytes[2]);
  header.ttl = bytes[8];
  header.protocol = bytes[9];
  const auto fragment = LoadBig<uint16_t>(&bytes[6]);
  header.fragment = (fragment & 0x3fff) != 0;
  header.dont_fragment = (fragment & 0x4000) != 0;
  header.more_fragments = (fragment & 0x2000) != 0;
  header.fragment_offset = static_cast<uint16_t>((fragment & 0x1fff) * 8);
  header.fragment_id = LoadBig<uint16_t>(&bytes[4]);
}

void ParseV6(Bytes bytes, IpHeader& header, Weirds& weirds) {
  header.src = IpAddress::V6(&bytes[8]);
  header.dst = IpAddress::V6(&bytes[24]);
  header.total_length = LoadBig<uint16_t>(&bytes[4]) + static_cast<uint32_t>(kIpv6Length);
  header.ttl = bytes[7];
  Ipv6Extensions(header, weirds).Walk(bytes);
}

// Kernels leave the length zero where it does not fit (BIG TCP) or will be filled in by the card. IPv6
// states larger lengths in a hop-by-hop option (RFC 2675), which newer kernels leave out.
bool LengthUnstated(const IpHeader& header, const Layer& layer, bool offloaded) {
  if (header.total_length == 0) return true;
  if (header.version != 6 || header.total_length != kIpv6Length) return false;
  if (layer.bytes[6] == kHopByHop) {
    constexpr uint8_t kJumbo = 0xc2;
    return layer.bytes.size() >= kIpv6Length + 8 && layer.bytes[kIpv6Length + 2] == kJumbo;
  }
  return offloaded || (layer.wire_length > 0xffff && header.protocol != kNone);
}

}  // namespace

IpOutcome ParseIp(const Layer& layer, bool offloaded, bool verify_checksum, IpHeader& header, Weirds& weirds) {
  const Bytes bytes = layer.bytes;
  if (bytes.size() < kIpv4Length) return Reject(weirds, "truncated_IP"_weird);
  header.version = bytes[0] >> 4;
  if (header.version == 4) {
    ParseV4(bytes, header);
  } else if (header.version == 6) {
    if (bytes.size() < kIpv6Length) return Reject(weirds, "truncated_IP"_weird);
    ParseV6(bytes, header, weirds);
  } else {
    return Reject(weirds, "unknown_ip_version"_weird);
  }
  if (LengthUnstated(header, layer, offloaded)) {
    header.length_unstated = true;
    header.total_length = offloaded ? layer.wire_length : static_cast<uint32_t>(bytes.size());
    if (header.version == 4 && !offloaded) weirds.Report("ip_hdr_len_zero"_weird, kSource);
  }
  if (header.total_length > layer.wire_length) return Reject(weirds, "truncated_IP_len"_weird);
  if (header.header_length > header.total_length) return Reject(weirds, "invalid_IP_header_size"_weird);
  if (header.header_length > bytes.size()) return Reject(weirds, "internally_truncated_header"_weird);
  if (header.version == 4 && header.header_length < kIpv4Length) {
    return Reject(weirds, "IPv4_min_header_size"_weird);
  }
  weirds.SetHosts(header.src, header.dst);
  if (header.version == 4 && verify_checksum && !header.length_unstated &&
      FoldSum(RawSum(bytes.first(header.header_length))) != 0xffff) {
    weirds.Report("bad_IP_checksum"_weird, kSource);
    return IpOutcome::kBadChecksum;
  }
  return IpOutcome::kOk;
}

InnerIp CheckInnerIp(Bytes bytes, uint8_t version) {
  const size_t minimum = version == 4 ? kIpv4Length : kIpv6Length;
  if (bytes.size() < minimum) return version == 4 ? InnerIp::kBadVersion : InnerIp::kTooShort;
  if (bytes[0] >> 4 != version) return InnerIp::kBadVersion;
  const size_t stated =
      version == 4 ? LoadBig<uint16_t>(&bytes[2]) : LoadBig<uint16_t>(&bytes[4]) + size_t{kIpv6Length};
  if (bytes.size() == stated) return InnerIp::kOk;
  return bytes.size() < stated ? InnerIp::kTooShort : InnerIp::kTooLong;
}

}  // namespace quaywatch::decode
