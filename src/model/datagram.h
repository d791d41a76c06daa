// SPDX-License-Identifier: Apache-2.0
//
// A decoded packet: one network-layer datagram with its transport header taken apart. A packet with
// tunnels holds several, outermost first.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"
#include "model/address.h"
#include "model/ids.h"

namespace quaywatch::model {

enum class TunnelType : uint8_t { kNone, kIp, kGre, kVxlan, kGeneve, kTeredo, kGtpV1, kAyiya };

// "Tunnel::VXLAN" and so on, as in tunnel.log.
std::string_view TunnelTypeName(TunnelType type);

struct TcpHeader {
  uint32_t seq = 0;
  uint32_t ack = 0;
  uint16_t window = 0;        // as sent, unscaled
  uint16_t flags = 0;         // TcpFlag bits, as in the header
  int16_t window_scale = -1;  // of a SYN's option, as sent; -1 if absent
  bool header_ok = true;      // false: the data offset is impossible; nothing but the ports may be used
};

enum TcpFlag : uint16_t { kFin = 1, kSyn = 2, kRst = 4, kPsh = 8, kAck = 16, kUrg = 32, kEce = 64, kCwr = 128 };

struct Datagram {
  base::Timestamp ts;
  IpAddress src;
  IpAddress dst;
  uint8_t ip_proto = 0;  // after IPv6 extension headers; IANA protocol number
  uint8_t ttl = 0;
  Transport transport = Transport::kUnknown;
  uint16_t src_port = 0;  // TCP, UDP
  uint16_t dst_port = 0;
  uint8_t icmp_type = 0;
  uint8_t icmp_code = 0;
  uint16_t icmp_id = 0;  // of echo and its kin
  TcpHeader tcp;

  // The IP datagram's length by its own header (of all segments, if the sender's kernel joined them),
  // and how many such packets went over the wire: 1 but for super-packets.
  uint32_t ip_length = 0;
  uint32_t wire_packets = 1;

  base::Bytes ip;               // from the IP header on, as captured
  base::Bytes transport_bytes;  // from the transport header on, as captured
  base::Bytes payload;          // after the transport header, as captured
  uint32_t payload_length = 0;  // what payload would be, had all been captured
  uint32_t udp_length = 0;      // as the UDP header says, with itself; may contradict the IP header

  // Found while decoding, but about the flow: to be reported with it unless the checksum is bad, "TCP",
  // "ICMP" or, on a UDP flow, "TEREDO" as its source. Lives as long as the program; empty for nothing.
  std::string_view flow_weird;

  bool checksum_bad = false;  // of the transport header, and it was to be checked
  bool reassembled = false;   // put together from fragments
  // Of the packet it came in, see RawPacket:
  uint32_t interface = 0;
  uint32_t netns = 0;
  bool outgoing = false;

  // What this datagram carries, if it is a tunnel: Decoder::Inner() takes it apart. An IP or GRE tunnel's
  // outer datagram is no flow of its own; the outer datagrams of all others are.
  TunnelType carries = TunnelType::kNone;
  // Came on the port of this tunnel but is not one: its flow carries no tunnel from here on.
  TunnelType violates = TunnelType::kNone;
  bool is_flow() const { return transport != Transport::kUnknown || carries == TunnelType::kNone; }
  uint8_t depth = 0;  // 0 for the outermost
};

}  // namespace quaywatch::model
