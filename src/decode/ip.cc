// SPDX-License-Identifier: Apache-2.0
#include "decode/ip.h"

#include "decode/checksum.h"

namespace quaywatch::decode {
namespace {

using base::LoadBig;

constexpr std::string_view kSource = "IP";
constexpr size_t kIpv4Length = 20;
constexpr size_t kIpv6Length = 40;

enum Next : uint8_t {
  kHopByHop = 0,
  kRouting = 43,
  kFragment = 44,
  kEsp = 50,
  kAuth = 51,
  kNone = 59,
  kDestination = 60
};

bool Reject(Weirds& weirds, const WeirdName& name) {
  weirds.Report(name, kSource);
  return false;
}

// Walks the extension headers as far as they were captured.
void ParseExtensions(base::Bytes bytes, IpHeader& header) {
  size_t at = kIpv6Length;
  uint8_t next = bytes[6];
  for (;;) {
    if (next != kHopByHop && next != kRouting && next != kFragment && next != kAuth && next != kDestination &&
        next != kEsp)
      break;
    if (bytes.size() - at < 8) break;
    const uint8_t* ext = &bytes[at];
    const size_t length = next == kAuth ? (ext[1] + 2u) * 4 : next == kFragment || next == kEsp ? 8 : (ext[1] + 1u) * 8;
    if (length > bytes.size() - at) break;
    at += length;
    if (next == kEsp) {
      header.encrypted = true;
      next = kNone;
      break;
    }
    const uint8_t type = next;
    next = ext[0];
    if (type == kFragment) {
      const auto offset = LoadBig<uint16_t>(ext + 2);
      header.fragment = true;
      header.fragment_offset = offset & 0xfff8;
      header.more_fragments = (offset & 1) != 0;
      header.fragment_id = LoadBig<uint32_t>(ext + 4);
      break;
    }
  }
  header.protocol = next;
  header.header_length = static_cast<uint32_t>(at);
}

}  // namespace

bool ParseIp(const Layer& layer, bool expect_super, bool verify_checksum, IpHeader& header, Weirds& weirds,
             bool& bad_checksum) {
  const base::Bytes bytes = layer.bytes;
  if (bytes.size() < kIpv4Length) return Reject(weirds, "truncated_IP"_weird);
  header.version = bytes[0] >> 4;
  if (header.version == 4) {
    header.src = model::IpAddress::V4(&bytes[12]);
    header.dst = model::IpAddress::V4(&bytes[16]);
    header.header_length = (bytes[0] & 15u) * 4;
    header.total_length = LoadBig<uint16_t>(&bytes[2]);
    header.ttl = bytes[8];
    header.protocol = bytes[9];
    const auto fragment = LoadBig<uint16_t>(&bytes[6]);
    header.dont_fragment = (fragment & 0x4000) != 0;
    header.more_fragments = (fragment & 0x2000) != 0;
    header.fragment_offset = static_cast<uint16_t>((fragment & 0x1fff) * 8);
    header.fragment = (fragment & 0x3fff) != 0;
    header.fragment_id = LoadBig<uint16_t>(&bytes[4]);
  } else if (header.version == 6) {
    if (bytes.size() < kIpv6Length) return Reject(weirds, "truncated_IP"_weird);
    header.src = model::IpAddress::V6(&bytes[8]);
    header.dst = model::IpAddress::V6(&bytes[24]);
    header.total_length = LoadBig<uint16_t>(&bytes[4]) + static_cast<uint32_t>(kIpv6Length);
    header.ttl = bytes[7];
    header.dont_fragment = false;
    ParseExtensions(bytes, header);
  } else {
    return Reject(weirds, "unknown_ip_version"_weird);
  }
  header.final_dst = header.dst;
  if (expect_super && (header.total_length == 0 || header.total_length == kIpv6Length)) {
    header.total_length = layer.wire_length;
  } else if (header.total_length == 0) {
    weirds.Report("ip_hdr_len_zero"_weird, kSource);
    header.total_length = static_cast<uint32_t>(bytes.size());
  }
  if (header.total_length > layer.wire_length) return Reject(weirds, "truncated_IP_len"_weird);
  if (header.header_length > header.total_length) return Reject(weirds, "invalid_IP_header_size"_weird);
  if (header.header_length > bytes.size()) return Reject(weirds, "internally_truncated_header"_weird);
  if (header.version == 4) {
    if (header.header_length < kIpv4Length) return Reject(weirds, "IPv4_min_header_size"_weird);
    if (verify_checksum && FoldSum(RawSum(bytes.first(header.header_length))) != 0xffff) {
      bad_checksum = true;
      return Reject(weirds, "bad_IP_checksum"_weird);
    }
  }
  return true;
}

}  // namespace quaywatch::decode
