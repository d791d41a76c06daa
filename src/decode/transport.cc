// SPDX-License-Identifier: Apache-2.0
#include "decode/transport.h"

#include "decode/checksum.h"
#include "decode/icmp6.h"

namespace quaywatch::decode {
namespace {

using base::Bytes;
using base::LoadBig;
using model::Datagram;
using model::Transport;

enum Protocol : uint8_t { kIcmp = 1, kIgmp = 2, kTcp = 6, kUdp = 17, kIcmpV6 = 58 };

bool WholeHeader(const Datagram& datagram, uint32_t length, uint32_t minimum, std::string_view source, Weirds& weirds) {
  if (length != 0 && length < minimum) {
    weirds.Report("truncated_header"_weird, source);
    return false;
  }
  if (datagram.transport_bytes.size() < minimum) {
    weirds.Report("internally_truncated_header"_weird, source);
    return false;
  }
  return true;
}

void Verify(Datagram& datagram, size_t field, Counters& counters) {
  switch (CheckTransport(datagram.transport_bytes, field, datagram.src, datagram.dst, datagram.ip_proto)) {
    case ChecksumState::kGood:
      break;
    case ChecksumState::kPending:
      ++counters.pending_checksum;
      break;
    case ChecksumState::kBad:
      datagram.checksum_bad = true;
      ++counters.bad_checksum;
      break;
  }
}

int16_t WindowScale(Bytes options) {
  while (!options.empty()) {
    const uint8_t kind = options[0];
    if (kind == 0) break;
    if (kind == 1) {
      options = options.subspan(1);
      continue;
    }
    if (options.size() < 2 || options[1] < 2 || options[1] > options.size()) break;
    if (kind == 3 && options[1] >= 3) return options[2];
    options = options.subspan(options[1]);
  }
  return -1;
}

void SetPayload(Datagram& datagram, uint32_t header_length, uint32_t length) {
  datagram.payload = datagram.transport_bytes.subspan(header_length);
  datagram.payload_length = length - header_length;
}

// Of a TCP header: false where it cannot be followed.
bool ParseTcpOptions(Datagram& datagram, uint32_t header_length) {
  const Bytes bytes = datagram.transport_bytes;
  if (header_length < 20 || header_length > bytes.size()) return false;
  if ((datagram.tcp.flags & model::kSyn) != 0) {
    datagram.tcp.window_scale = WindowScale(bytes.subspan(20, header_length - 20));
  }
  return true;
}

bool ParseTcp(Datagram& datagram, const Segment& segment, Weirds& weirds, Counters& counters) {
  const Bytes bytes = datagram.transport_bytes;
  if (!WholeHeader(datagram, segment.length, 20, "TCP", weirds)) return false;
  datagram.transport = Transport::kTcp;
  datagram.src_port = LoadBig<uint16_t>(&bytes[0]);
  datagram.dst_port = LoadBig<uint16_t>(&bytes[2]);
  datagram.tcp.seq = LoadBig<uint32_t>(&bytes[4]);
  datagram.tcp.ack = LoadBig<uint32_t>(&bytes[8]);
  datagram.tcp.flags = bytes[13];
  datagram.tcp.window = LoadBig<uint16_t>(&bytes[14]);
  const uint32_t header_length = (bytes[12] >> 4) * 4u;
  if (!ParseTcpOptions(datagram, header_length)) {
    datagram.tcp.header_ok = false;
    datagram.flow_weird = header_length < 20 ? "bad_TCP_header_len" : "truncated_header";
    return true;
  }
  SetPayload(datagram, header_length, segment.length);
  if (segment.verify_checksum && bytes.size() >= segment.length) Verify(datagram, 16, counters);
  return true;
}

bool ParseUdp(Datagram& datagram, const Segment& segment, Weirds& weirds, Counters& counters) {
  const Bytes bytes = datagram.transport_bytes;
  if (!WholeHeader(datagram, segment.length, 8, "UDP", weirds)) return false;
  datagram.transport = Transport::kUdp;
  datagram.src_port = LoadBig<uint16_t>(&bytes[0]);
  datagram.dst_port = LoadBig<uint16_t>(&bytes[2]);
  SetPayload(datagram, 8, segment.length);
  // VXLAN may leave the checksum out over IPv6, too (RFC 7348 5).
  const bool optional = datagram.src.is_v4() || datagram.dst_port == 4789;
  const bool unused = optional && bytes[6] == 0 && bytes[7] == 0;
  if (segment.verify_checksum && !unused && bytes.size() >= segment.length) Verify(datagram, 6, counters);
  datagram.udp_length = LoadBig<uint16_t>(&bytes[4]);
  if (datagram.udp_length == 0 && segment.length_unstated) datagram.udp_length = segment.length;
  return true;
}

bool ParseIcmp(Datagram& datagram, const Segment& segment, Weirds& weirds, Counters& counters) {
  const Bytes bytes = datagram.transport_bytes;
  if (!WholeHeader(datagram, segment.length, 8, "ICMP", weirds)) return false;
  datagram.transport = Transport::kIcmp;
  datagram.icmp_type = bytes[0];
  datagram.icmp_code = bytes[1];
  datagram.icmp_id = LoadBig<uint16_t>(&bytes[4]);
  SetPayload(datagram, 8, segment.length);
  if (segment.verify_checksum && bytes.size() >= segment.length) {
    if (datagram.ip_proto == kIcmpV6) {
      Verify(datagram, 2, counters);
    } else if (FoldSum(RawSum(bytes)) != 0xffff) {
      datagram.checksum_bad = true;
      ++counters.bad_checksum;
    }
  }
  if (datagram.ip_proto == kIcmpV6 && !datagram.checksum_bad) CheckIcmpV6(datagram, weirds);
  return true;
}

}  // namespace

bool ParseTransport(Datagram& datagram, const Segment& segment, Weirds& weirds, Counters& counters) {
  switch (datagram.ip_proto) {
    case kTcp:
      return ParseTcp(datagram, segment, weirds, counters);
    case kUdp:
      return ParseUdp(datagram, segment, weirds, counters);
    case kIcmp:
    case kIcmpV6:
      return ParseIcmp(datagram, segment, weirds, counters);
    default:
      break;
  }
  datagram.payload = datagram.transport_bytes;
  datagram.payload_length = segment.length;
  if (datagram.ip_proto == kIgmp && segment.verify_checksum && datagram.payload.size() >= segment.length &&
      FoldSum(RawSum(datagram.payload)) != 0xffff) {
    weirds.Report("igmp_invalid_checksum"_weird, "IGMP");
    ++counters.bad_checksum;
  }
  return true;
}

}  // namespace quaywatch::decode
