// SPDX-License-Identifier: Apache-2.0
#include "decode/transport.h"

#include <algorithm>
#include <charconv>

#include "decode/checksum.h"

namespace quaywatch::decode {
namespace {

using base::Bytes;
using base::LoadBig;
using model::Datagram;
using model::Transport;

enum Protocol : uint8_t { kIcmp = 1, kTcp = 6, kUdp = 17, kIcmpV6 = 58, kSctp = 132 };

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

int8_t WindowScale(Bytes options) {
  while (!options.empty()) {
    const uint8_t kind = options[0];
    if (kind == 0) break;
    if (kind == 1) {
      options = options.subspan(1);
      continue;
    }
    if (options.size() < 2 || options[1] < 2 || options[1] > options.size()) break;
    if (kind == 3 && options[1] >= 3) return static_cast<int8_t>(std::min<uint8_t>(options[2], 14));
    options = options.subspan(options[1]);
  }
  return -1;
}

void SetPayload(Datagram& datagram, uint32_t header_length, uint32_t length) {
  datagram.payload = datagram.transport_bytes.subspan(header_length);
  datagram.payload_length = length - header_length;
}

bool ParseTcp(Datagram& datagram, uint32_t length, bool verify, Weirds& weirds, Counters& counters) {
  const Bytes bytes = datagram.transport_bytes;
  if (!WholeHeader(datagram, length, 20, "TCP", weirds)) return false;
  datagram.transport = Transport::kTcp;
  datagram.src_port = LoadBig<uint16_t>(&bytes[0]);
  datagram.dst_port = LoadBig<uint16_t>(&bytes[2]);
  datagram.tcp.seq = LoadBig<uint32_t>(&bytes[4]);
  datagram.tcp.ack = LoadBig<uint32_t>(&bytes[8]);
  datagram.tcp.flags = bytes[13];
  datagram.tcp.window = LoadBig<uint16_t>(&bytes[14]);
  const uint32_t header_length = (bytes[12] >> 4) * 4u;
  if (header_length < 20 || header_length > bytes.size()) {
    datagram.tcp.header_ok = false;
    datagram.flow_weird = "bad_TCP_header_len";
    return true;
  }
  if ((datagram.tcp.flags & model::kSyn) != 0) {
    datagram.tcp.window_scale = WindowScale(bytes.subspan(20, header_length - 20));
  }
  SetPayload(datagram, header_length, length);
  if (verify && bytes.size() >= length) Verify(datagram, 16, counters);
  return true;
}

bool ParseUdp(Datagram& datagram, uint32_t length, bool verify, Weirds& weirds, Counters& counters) {
  const Bytes bytes = datagram.transport_bytes;
  if (!WholeHeader(datagram, length, 8, "UDP", weirds)) return false;
  datagram.transport = Transport::kUdp;
  datagram.src_port = LoadBig<uint16_t>(&bytes[0]);
  datagram.dst_port = LoadBig<uint16_t>(&bytes[2]);
  datagram.udp_length = LoadBig<uint16_t>(&bytes[4]);
  SetPayload(datagram, 8, length);
  const bool unused = datagram.src.is_v4() && bytes[6] == 0 && bytes[7] == 0;
  if (verify && !unused && bytes.size() >= length) Verify(datagram, 6, counters);
  return true;
}

bool ParseIcmp(Datagram& datagram, uint32_t length, bool verify, Weirds& weirds, Counters& counters) {
  const Bytes bytes = datagram.transport_bytes;
  if (!WholeHeader(datagram, length, 8, "ICMP", weirds)) return false;
  datagram.transport = Transport::kIcmp;
  datagram.icmp_type = bytes[0];
  datagram.icmp_code = bytes[1];
  datagram.icmp_id = LoadBig<uint16_t>(&bytes[4]);
  SetPayload(datagram, 8, length);
  if (!verify || bytes.size() < length) return true;
  if (datagram.ip_proto == kIcmpV6) {
    Verify(datagram, 2, counters);
  } else if (FoldSum(RawSum(bytes)) != 0xffff) {
    datagram.checksum_bad = true;
    ++counters.bad_checksum;
  }
  return true;
}

}  // namespace

bool ParseTransport(Datagram& datagram, uint32_t length, bool verify_checksum, Weirds& weirds, Counters& counters) {
  switch (datagram.ip_proto) {
    case kTcp:
      return ParseTcp(datagram, length, verify_checksum, weirds, counters);
    case kUdp:
      return ParseUdp(datagram, length, verify_checksum, weirds, counters);
    case kIcmp:
    case kIcmpV6:
      return ParseIcmp(datagram, length, verify_checksum, weirds, counters);
    default:
      break;
  }
  datagram.payload = datagram.transport_bytes;
  datagram.payload_length = length;
  if (datagram.ip_proto == kSctp && datagram.payload.size() >= 12) {
    datagram.src_port = LoadBig<uint16_t>(&datagram.payload[0]);
    datagram.dst_port = LoadBig<uint16_t>(&datagram.payload[2]);
    SetPayload(datagram, 12, length);
  }
  return true;
}

}  // namespace quaywatch::decode
