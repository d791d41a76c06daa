// SPDX-License-Identifier: Apache-2.0
#include "pipeline/steer.h"

#include "base/bytes.h"
#include "base/hash.h"

namespace quaywatch::pipeline {
namespace {

using model::LinkType;

// Offset of the IP header, or none, for the link types that carry one plainly. All others are for worker 0.
constexpr size_t kNone = ~size_t{0};

size_t FromEtherType(base::Bytes data, size_t at) {
  // Two bytes of type at `at`; tags are skipped.
  while (at + 2 <= data.size()) {
    const uint16_t type = base::LoadBig<uint16_t>(&data[at]);
    if (type == 0x0800 || type == 0x86dd) return at + 2;
    if (type != 0x8100 && type != 0x88a8 && type != 0x9100) return kNone;
    at += 4;
  }
  return kNone;
}

size_t IpOffset(const model::RawPacket& packet) {
  switch (packet.link) {
    case LinkType::kEthernet:
      return FromEtherType(packet.data, 12);
    case LinkType::kFddi:
      return FromEtherType(packet.data, 19);
    case LinkType::kLinuxSll:
      return FromEtherType(packet.data, 14);
    case LinkType::kLinuxSll2:
      return packet.data.size() >= 20 && FromEtherType(packet.data, 0) != kNone ? 20 : kNone;
    case LinkType::kRaw:
    case LinkType::kRawBsd:
    case LinkType::kIpv4:
    case LinkType::kIpv6:
      return 0;
    case LinkType::kNull:
    case LinkType::kLoop:
      return 4;
    default:
      return kNone;
  }
}

bool IsDhcp(base::Bytes ip, size_t header, uint8_t protocol) {
  if (protocol != 17 || ip.size() < header + 4) return false;
  const uint16_t from = base::LoadBig<uint16_t>(&ip[header]);
  const uint16_t to = base::LoadBig<uint16_t>(&ip[header + 2]);
  return from == 67 || from == 68 || to == 67 || to == 68;
}

}  // namespace

unsigned WorkerFor(const model::RawPacket& packet, unsigned workers) {
  const size_t offset = IpOffset(packet);
  if (offset == kNone || offset >= packet.data.size()) return 0;
  const base::Bytes ip = packet.data.subspan(offset);
  if (ip[0] >> 4 == 4 && ip.size() >= 20) {
    if (IsDhcp(ip, (ip[0] & 0x0f) * size_t{4}, ip[9])) return 0;
    const uint64_t sum = base::LoadLittle<uint32_t>(&ip[12]) ^ base::LoadLittle<uint32_t>(&ip[16]);
    return static_cast<unsigned>(base::Mix(sum, 4) % workers);
  }
  if (ip[0] >> 4 == 6 && ip.size() >= 40) {
    const uint64_t high = base::LoadLittle<uint64_t>(&ip[8]) ^ base::LoadLittle<uint64_t>(&ip[24]);
    const uint64_t low = base::LoadLittle<uint64_t>(&ip[16]) ^ base::LoadLittle<uint64_t>(&ip[32]);
    return static_cast<unsigned>(base::Mix(high, low) % workers);
  }
  return 0;
}

}  // namespace quaywatch::pipeline
