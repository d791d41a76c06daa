// SPDX-License-Identifier: Apache-2.0
#include "decode/icmp6.h"

#include <string>

namespace quaywatch::decode {
namespace {

using base::Bytes;
using base::LoadBig;

enum Type : uint8_t {
  kListenerReport = 131,
  kListenerDone = 132,
  kRouterAdvertisement = 134,
  kNeighborSolicitation = 135,
  kNeighborAdvertisement = 136,
  kRedirect = 137,
  kListenerReportV2 = 143,
};

// Options must begin within the message.
void CheckOptions(const model::Datagram& datagram, size_t offset, std::string_view name, Weirds& weirds) {
  const size_t length = datagram.payload.size();
  if (length >= offset) return;
  weirds.ReportPlain(name, "ICMP", std::to_string(offset) + " (length " + std::to_string(length) + ")");
}

// Empty if all records of a version 2 report are whole.
std::string_view CheckReportV2(const model::Datagram& datagram) {
  base::Cursor cursor(datagram.payload);
  const auto records = LoadBig<uint16_t>(&datagram.transport_bytes[6]);
  if (cursor.left() < records * size_t{20}) return "truncated_ICMPv6_MLDv2";
  for (unsigned i = 0; i < records && !cursor.empty(); ++i) {
    cursor.Skip(1);
    const size_t extra = cursor.U8() * size_t{4};
    const size_t sources = cursor.U16();
    cursor.Skip(16 + sources * 16 + extra);
    if (!cursor.ok()) return "truncated_ICMPv6_MLDv2_record";
  }
  return {};
}

}  // namespace

void CheckIcmpV6(model::Datagram& datagram, Weirds& weirds) {
  switch (datagram.icmp_type) {
    case kRouterAdvertisement:
      return CheckOptions(datagram, 8, "icmp6_ra_bad_opt_offset", weirds);
    case kNeighborSolicitation:
      return CheckOptions(datagram, 16, "icmp6_ns_bad_opt_offset", weirds);
    case kNeighborAdvertisement:
      return CheckOptions(datagram, 16, "icmp6_na_bad_opt_offset", weirds);
    case kRedirect:
      return CheckOptions(datagram, 32, "icmp6_redirect_bad_opt_offset", weirds);
    case kListenerReport:
    case kListenerDone:
      if (datagram.payload.size() < 16) datagram.flow_weird = "truncated_ICMPv6_MLDv1";
      return;
    case kListenerReportV2:
      datagram.flow_weird = CheckReportV2(datagram);
      return;
    default:
      return;
  }
}

}  // namespace quaywatch::decode
