// SPDX-License-Identifier: Apache-2.0
#include "decode/decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "decode/packet_builder.h"

namespace quaywatch::decode {
namespace {

using model::Datagram;
using model::LinkType;
using model::Transport;
using testing::ElementsAre;
using testing::IsEmpty;

// Remembers weirds as "name source" with the addresses where there are some.
class Weirds_ : public model::WeirdSink {
 public:
  std::vector<std::string> seen;
  void PacketWeird(std::string_view name, std::string_view addl, std::string_view source) override {
    Add("", name, addl, source);
  }
  void HostPairWeird(const model::IpAddress& from, const model::IpAddress& to, std::string_view name,
                     std::string_view addl, std::string_view source) override {
    Add(from.ToString() + ">" + to.ToString() + " ", name, addl, source);
  }
  void FlowWeird(const model::FlowInfo&, std::string_view, std::string_view, std::string_view) override { FAIL(); }

 private:
  void Add(std::string text, std::string_view name, std::string_view addl, std::string_view source) {
    text.append(name).append(" ").append(source);
    if (!addl.empty()) text.append(" ").append(addl);
    seen.push_back(text);
  }
};

class DecoderTest : public testing::Test {
 protected:
  const Datagram* Decode(std::string bytes, LinkType link = LinkType::kEthernet, uint32_t wire_length = 0) {
    bytes_ = std::move(bytes);
    packet_.data = base::AsBytes(bytes_);
    packet_.wire_length = wire_length != 0 ? wire_length : static_cast<uint32_t>(bytes_.size());
    packet_.link = link;
    return decoder_.Decode(packet_);
  }

  Weirds_ weirds_;
  Decoder decoder_{Options{}, weirds_};
  std::string bytes_;
  model::RawPacket packet_;
};

TEST_F(DecoderTest, TcpOverEthernet) {
  const Datagram* d = Decode(PacketBuilder()
                                 .Ethernet(0x0800)
                                 .Ipv4({})
                                 .Tcp(40000, 80, model::kSyn, 7, 9, std::string_view("\x01\x03\x03\x07", 4))
                                 .Raw("hello")
                                 .Build() +
                             std::string(6, '\0'));
  ASSERT_NE(d, nullptr);
  EXPECT_EQ(d->src.ToString(), "10.0.0.1");
  EXPECT_EQ(d->dst.ToString(), "10.0.0.2");
  EXPECT_EQ(d->transport, Transport::kTcp);
  EXPECT_EQ(d->src_port, 40000);
  EXPECT_EQ(d->dst_port, 80);
  EXPECT_EQ(d->tcp.seq, 7u);
  EXPECT_EQ(d->tcp.ack, 9u);
  EXPECT_EQ(d->tcp.flags, model::kSyn);
  EXPECT_EQ(d->tcp.window, 1000);
  EXPECT_EQ(d->tcp.window_scale, 7);
  EXPECT_EQ(base::AsText(d->payload), "hello");
  EXPECT_EQ(d->payload_length, 5u);
  EXPECT_EQ(d->ip_length, 49u);
  EXPECT_EQ(d->wire_packets, 1u);
  EXPECT_FALSE(d->checksum_bad);
  EXPECT_THAT(weirds_.seen, IsEmpty());
  EXPECT_EQ(decoder_.Inner(), nullptr);
}

TEST_F(DecoderTest, UdpOverVlanAndIpv6) {
  const Datagram* d = Decode(PacketBuilder()
                                 .Ethernet(0x8100)
                                 .Vlan(5, 0x86dd)
                                 .Ipv6("2001:db8::1", "2001:db8::2", 17)
                                 .Udp(5353, 53)
                                 .Raw("query")
                                 .Build());
  ASSERT_NE(d, nullptr);
  EXPECT_EQ(d->src.ToString(), "2001:db8::1");
  EXPECT_EQ(d->transport, Transport::kUdp);
  EXPECT_EQ(d->dst_port, 53);
  EXPECT_EQ(d->payload_length, 5u);
  EXPECT_EQ(base::AsText(d->payload), "query");
  EXPECT_FALSE(d->checksum_bad);
}

TEST_F(DecoderTest, IcmpEcho) {
  const Datagram* d = Decode(PacketBuilder().Ipv4({.proto = 1}).Icmp(8, 0, 77, 1).Raw("ping").Build(), LinkType::kRaw);
  ASSERT_NE(d, nullptr);
  EXPECT_EQ(d->transport, Transport::kIcmp);
  EXPECT_EQ(d->icmp_type, 8);
  EXPECT_EQ(d->icmp_id, 77);
  EXPECT_FALSE(d->checksum_bad);
}

TEST_F(DecoderTest, BadChecksums) {
  std::string packet = PacketBuilder().Ipv4({}).Tcp(1, 2, model::kAck).Raw("x").Build();
  packet.back() = 'y';
  const Datagram* d = Decode(packet, LinkType::kRaw);
  ASSERT_NE(d, nullptr);
  EXPECT_TRUE(d->checksum_bad);
  packet[8] = 1;
  EXPECT_EQ(Decode(packet, LinkType::kRaw), nullptr);
  EXPECT_THAT(weirds_.seen, ElementsAre("10.0.0.1>10.0.0.2 bad_IP_checksum IP"));
  EXPECT_EQ(decoder_.counters().bad_checksum, 2u);
}

TEST_F(DecoderTest, ChecksumLeftToTheCardIsGood) {
  std::string packet = PacketBuilder().Ipv4({}).Tcp(1, 2, model::kAck).Raw("x").Build();
  const uint16_t partial =
      FoldSum(PseudoHeaderSum(*model::IpAddress::Parse("10.0.0.1"), *model::IpAddress::Parse("10.0.0.2"), 6, 21));
  std::memcpy(packet.data() + 36, &partial, 2);
  const Datagram* d = Decode(packet, LinkType::kRaw);
  ASSERT_NE(d, nullptr);
  EXPECT_FALSE(d->checksum_bad);
  EXPECT_EQ(decoder_.counters().pending_checksum, 1u);
}

TEST_F(DecoderTest, SuperPacketCountsItsSegments) {
  packet_.segment_size = 100;
  packet_.checksum_pending = true;
  std::string packet = PacketBuilder().Ipv4({}).Tcp(1, 2, model::kAck).Raw(std::string(250, 'x')).Build();
  const Datagram* d = Decode(packet, LinkType::kRaw);
  ASSERT_NE(d, nullptr);
  EXPECT_EQ(d->wire_packets, 3u);
  EXPECT_EQ(d->ip_length, 250u + 3 * 40);
  EXPECT_EQ(d->payload_length, 250u);
}

TEST_F(DecoderTest, BrokenIpHeaders) {
  const std::string good = PacketBuilder().Ipv4({}).Tcp(1, 2, model::kAck).Build();
  EXPECT_EQ(Decode(good.substr(0, 19), LinkType::kRaw), nullptr);
  std::string packet = good;
  packet[0] = 0x55;
  EXPECT_EQ(Decode(packet, LinkType::kRaw), nullptr);
  EXPECT_EQ(Decode(good.substr(0, 39), LinkType::kRaw), nullptr);
  packet = good;
  packet[3] = 19;
  EXPECT_EQ(Decode(packet, LinkType::kRaw), nullptr);
  EXPECT_THAT(weirds_.seen, ElementsAre("truncated_IP IP", "unknown_ip_version IP", "truncated_IP_len IP",
                                        "invalid_IP_header_size IP"));
}

TEST_F(DecoderTest, SnapLengthCutsPayload) {
  const std::string good = PacketBuilder().Ipv4({}).Tcp(1, 2, model::kAck).Raw("0123456789").Build();
  const Datagram* d = Decode(good.substr(0, 45), LinkType::kRaw, 50);
  ASSERT_NE(d, nullptr);
  EXPECT_EQ(base::AsText(d->payload), "01234");
  EXPECT_EQ(d->payload_length, 10u);
  EXPECT_FALSE(d->checksum_bad);
  EXPECT_EQ(Decode(good.substr(0, 30), LinkType::kRaw, 50), nullptr);
  EXPECT_THAT(weirds_.seen, ElementsAre("10.0.0.1>10.0.0.2 internally_truncated_header TCP"));
}

TEST_F(DecoderTest, ImpossibleTcpHeaderLength) {
  std::string packet = PacketBuilder().Ipv4({}).Tcp(1, 2, model::kAck).Build();
  packet[32] = 0x10;
  const Datagram* d = Decode(packet, LinkType::kRaw);
  ASSERT_NE(d, nullptr);
  EXPECT_FALSE(d->tcp.header_ok);
  EXPECT_EQ(d->flow_weird, "bad_TCP_header_len");
}

TEST_F(DecoderTest, FragmentsInAnyOrder) {
  const std::string whole = PacketBuilder().Ipv4({.proto = 17}).Udp(1000, 2000).Raw(std::string(100, 'x')).Build();
  const auto fragment = [&](size_t at, size_t length, bool more) {
    return PacketBuilder()
        .Ipv4({.proto = 17, .fragment = static_cast<unsigned>(at / 8) | (more ? 0x2000u : 0u), .id = 9})
        .Raw(whole.substr(20 + at, length))
        .Build();
  };
  EXPECT_EQ(Decode(fragment(80, 28, false), LinkType::kRaw), nullptr);
  EXPECT_EQ(Decode(fragment(0, 48, true), LinkType::kRaw), nullptr);
  const Datagram* d = Decode(fragment(48, 32, true), LinkType::kRaw);
  ASSERT_NE(d, nullptr);
  EXPECT_TRUE(d->reassembled);
  EXPECT_EQ(d->dst_port, 2000);
  EXPECT_EQ(base::AsText(d->payload), std::string(100, 'x'));
  EXPECT_EQ(d->ip_length, 128u);
  EXPECT_FALSE(d->checksum_bad);
  EXPECT_THAT(weirds_.seen, ElementsAre("10.0.0.1>10.0.0.2 excessively_small_fragment "));
  EXPECT_EQ(decoder_.counters().fragments, 3u);
}

TEST_F(DecoderTest, FragmentsSeenOnSeveralInterfaces) {
  const auto pieces = [] {
    const std::string whole = PacketBuilder().Ipv4({.proto = 17}).Udp(1000, 2000).Raw(std::string(100, 'x')).Build();
    const auto piece = [&](unsigned fragment, size_t at, size_t length) {
      return PacketBuilder().Ipv4({.proto = 17, .fragment = fragment}).Raw(whole.substr(20 + at, length)).Build();
    };
    return std::array{piece(0x2000, 0, 64), piece(8, 64, 44)};
  }();
  // The same datagram by a veth, in a pod, and leaving by the uplink: each copy is whole by itself.
  const auto at = [&](uint32_t netns, uint32_t interface, bool outgoing) {
    packet_.netns = netns;
    packet_.interface = interface;
    packet_.outgoing = outgoing;
  };
  for (const std::string& piece : pieces) {
    const bool last = piece == pieces[1];
    at(0, 7, false);
    EXPECT_EQ(Decode(piece, LinkType::kRaw) != nullptr, last);
    at(0, 2, true);
    EXPECT_EQ(Decode(piece, LinkType::kRaw) != nullptr, last);
    at(4026532000, 2, true);
    EXPECT_EQ(Decode(piece, LinkType::kRaw) != nullptr, last);
  }
  EXPECT_THAT(weirds_.seen, IsEmpty());
}

TEST_F(DecoderTest, FragmentsThatDisagree) {
  const auto fragment = [&](size_t at, std::string bytes, bool more) {
    return PacketBuilder()
        .Ipv4({.proto = 17, .fragment = static_cast<unsigned>(at / 8) | (more ? 0x2000u : 0u)})
        .Raw(bytes)
        .Build();
  };
  const std::string head = PacketBuilder().U16(1).U16(2).U16(88).U16(0).Raw(std::string(40, 'a')).Build();
  EXPECT_EQ(Decode(fragment(0, head, true), LinkType::kRaw), nullptr);
  EXPECT_EQ(Decode(fragment(40, std::string(16, 'b'), true), LinkType::kRaw), nullptr);
  const Datagram* d = Decode(fragment(48, std::string(8, 'b') + std::string(32, 'c'), false), LinkType::kRaw);
  ASSERT_NE(d, nullptr);
  EXPECT_EQ(base::AsText(d->payload), std::string(40, 'a') + std::string(8, 'b') + std::string(32, 'c'));
  EXPECT_THAT(weirds_.seen,
              ElementsAre("10.0.0.1>10.0.0.2 excessively_small_fragment ", "10.0.0.1>10.0.0.2 fragment_inconsistency ",
                          "10.0.0.1>10.0.0.2 fragment_overlap "));
}

TEST_F(DecoderTest, Ipv6FragmentsWithExtensionHeadersInside) {
  const std::string whole =
      PacketBuilder().Ipv6("2001:db8::1", "2001:db8::2", 17).Udp(1, 2).Raw(std::string(56, 'y')).Build();
  const std::string options("\x11\x00\x01\x04\x00\x00\x00\x00", 8);  // destination options, then UDP
  const auto fragment = [&](unsigned at, std::string_view bytes, bool more) {
    const std::string header = PacketBuilder().U8(60).U8(0).U16(at | (more ? 1 : 0)).U32(77).Build();
    return PacketBuilder().Ipv6("2001:db8::1", "2001:db8::2", 44, header).Raw(bytes).Build();
  };
  EXPECT_EQ(Decode(fragment(0, options + whole.substr(40, 32), true), LinkType::kRaw), nullptr);
  const Datagram* d = Decode(fragment(40, whole.substr(72), false), LinkType::kRaw);
  ASSERT_NE(d, nullptr);
  EXPECT_EQ(d->ip_proto, 17);
  EXPECT_EQ(d->dst_port, 2);
  EXPECT_EQ(base::AsText(d->payload), std::string(56, 'y'));
  EXPECT_FALSE(d->checksum_bad);
  EXPECT_THAT(weirds_.seen, IsEmpty());
}

TEST_F(DecoderTest, FragmentsAreForgotten) {
  const std::string first = PacketBuilder().Ipv4({.proto = 17, .fragment = 0x2000}).Raw(std::string(80, 'x')).Build();
  const std::string last = PacketBuilder().Ipv4({.proto = 17, .fragment = 10}).Raw(std::string(80, 'x')).Build();
  Decode(first, LinkType::kRaw);
  packet_.ts += std::chrono::minutes(6);
  EXPECT_EQ(Decode(last, LinkType::kRaw), nullptr);
  EXPECT_EQ(decoder_.counters().fragments_dropped, 1u);
}

TEST_F(DecoderTest, RoutingAndHomeAddress) {
  const model::IpAddress end = *model::IpAddress::Parse("2001:db8::9");
  const std::string target(base::AsText(end.bytes()));
  const std::string routing = std::string("\x3c\x02\x00\x01\x00\x00\x00\x00", 8) + target;
  const std::string home = std::string("\x06\x02\x01\x02\x00\x00\xc9\x10", 8) + target;
  const Datagram* d = Decode(PacketBuilder()
                                 .Ipv6("2001:db8::1", "2001:db8::2", 43, routing + home)
                                 .Raw(std::string("\0\1\0\2\0\0\0\0\0\0\0\0\x50\x10\0\0\0\0\0\0", 20))
                                 .Build(),
                             LinkType::kRaw);
  ASSERT_NE(d, nullptr);
  EXPECT_EQ(d->dst.ToString(), "2001:db8::9");
  EXPECT_EQ(d->src.ToString(), "2001:db8::9");
  EXPECT_EQ(d->transport, Transport::kTcp);
  EXPECT_THAT(weirds_.seen, ElementsAre("2001:db8::1>2001:db8::9 routing0_hdr "));
}

TEST_F(DecoderTest, VxlanCarriesAFrame) {
  const std::string inner =
      PacketBuilder().Ethernet(0x0800).Ipv4({.src = "1.1.1.1", .dst = "2.2.2.2"}).Tcp(1, 2, 2).Build();
  const Datagram* d =
      Decode(PacketBuilder().Ipv4({.proto = 17}).Udp(5000, 4789).U32(0x08000000).U32(7 << 8).Raw(inner).Build(),
             LinkType::kRaw);
  ASSERT_NE(d, nullptr);
  EXPECT_EQ(d->carries, model::TunnelType::kVxlan);
  EXPECT_TRUE(d->is_flow());
  EXPECT_EQ(d->depth, 0);
  d = decoder_.Inner();
  ASSERT_NE(d, nullptr);
  EXPECT_EQ(d->src.ToString(), "1.1.1.1");
  EXPECT_EQ(d->transport, Transport::kTcp);
  EXPECT_EQ(d->depth, 1);
  EXPECT_EQ(decoder_.Inner(), nullptr);
  EXPECT_THAT(weirds_.seen, IsEmpty());
}

TEST_F(DecoderTest, NotVxlanOnItsPort) {
  const Datagram* d =
      Decode(PacketBuilder().Ipv4({.proto = 17}).Udp(5000, 4789).Raw("text, no tunnel").Build(), LinkType::kRaw);
  ASSERT_NE(d, nullptr);
  EXPECT_EQ(d->carries, model::TunnelType::kNone);
  EXPECT_EQ(d->violates, model::TunnelType::kVxlan);
}

TEST_F(DecoderTest, GreOfEveryKind) {
  const std::string ip = PacketBuilder().Ipv4({.src = "1.1.1.1", .dst = "2.2.2.2"}).Tcp(1, 2, 2).Build();
  const std::string frame = PacketBuilder().Ethernet(0x0800).Raw(ip).Build();
  const std::string headers[] = {
      std::string("\x00\x00\x08\x00", 4) + ip,
      std::string("\xb0\x00\x08\x00", 4) + std::string(12, '\0') + ip,                   // checksum, key, sequence
      std::string("\x00\x00\x65\x58", 4) + frame,                                        // transparent bridging
      std::string("\x00\x00\x88\xbe", 4) + frame,                                        // ERSPAN I
      std::string("\x10\x00\x88\xbe", 4) + std::string(12, '\0') + frame,                // ERSPAN II
      std::string("\x10\x00\x22\xeb", 4) + std::string(16, '\0') + frame,                // ERSPAN III
      std::string("\x30\x81\x88\x0b\0\0\0\0\0\0\0\0\0\0\0\0\xff\x03\x00\x21", 20) + ip,  // PPTP
  };
  for (const std::string& header : headers) {
    const Datagram* d = Decode(PacketBuilder().Ipv4({.proto = 47}).Raw(header).Build(), LinkType::kRaw);
    ASSERT_NE(d, nullptr);
    EXPECT_EQ(d->carries, model::TunnelType::kGre);
    EXPECT_FALSE(d->is_flow());
    d = decoder_.Inner();
    ASSERT_NE(d, nullptr) << testing::PrintToString(header);
    EXPECT_EQ(d->dst.ToString(), "2.2.2.2");
  }
  EXPECT_THAT(weirds_.seen, IsEmpty());
}

TEST_F(DecoderTest, TunnelsInTunnels) {
  const std::string packet = PacketBuilder()
                                 .Ipv4({.proto = 4})
                                 .Ipv4({.src = "1.1.1.1", .proto = 41})
                                 .Ipv6("2001:db8::1", "2001:db8::2", 4)
                                 .Ipv4({})
                                 .Tcp(1, 2, 2)
                                 .Build();
  packet_.data = base::AsBytes(packet);
  packet_.wire_length = static_cast<uint32_t>(packet.size());
  packet_.link = LinkType::kRaw;
  Decoder decoder({.max_tunnel_depth = 2}, weirds_);
  ASSERT_NE(decoder.Decode(packet_), nullptr);
  ASSERT_NE(decoder.Inner(), nullptr);
  const Datagram* d = decoder.Inner();
  ASSERT_NE(d, nullptr);
  EXPECT_EQ(d->depth, 2);
  EXPECT_EQ(decoder.Inner(), nullptr);
  EXPECT_THAT(weirds_.seen, ElementsAre("2001:db8::1>2001:db8::2 exceeded_tunnel_max_depth_in_tunnel IPTUNNEL"));
}

TEST_F(DecoderTest, TeredoOnAnyPort) {
  const std::string ip = PacketBuilder().Ipv6("2001:0:1::1", "2001:db8::2", 58).IcmpV6(128, 0).U32(1).Build();
  const Datagram* d = Decode(PacketBuilder().Ipv4({.proto = 17}).Udp(5000, 6000).Raw(ip).Build(), LinkType::kRaw);
  ASSERT_NE(d, nullptr);
  EXPECT_EQ(d->carries, model::TunnelType::kTeredo);
  d = decoder_.Inner();
  ASSERT_NE(d, nullptr);
  EXPECT_EQ(d->transport, Transport::kIcmp);

  const std::string origin("\0\0\x11\x22\x33\x44\x55\x66", 8);
  d = Decode(PacketBuilder().Ipv4({.proto = 17}).Udp(5000, 3544).Raw(origin + ip).Build(), LinkType::kRaw);
  ASSERT_NE(d, nullptr);
  EXPECT_EQ(d->carries, model::TunnelType::kTeredo);
}

TEST_F(DecoderTest, GtpUserDataWithExtensionHeader) {
  const std::string ip = PacketBuilder().Ipv4({.src = "1.1.1.1"}).Tcp(1, 2, 2).Build();
  const std::string gtp("\x34\xff\x00\x00\0\0\0\1\0\0\0\x85\x01\0\0\0", 16);
  const Datagram* d = Decode(PacketBuilder().Ipv4({.proto = 17}).Udp(2152, 2152).Raw(gtp + ip).Build(), LinkType::kRaw);
  ASSERT_NE(d, nullptr);
  EXPECT_EQ(d->carries, model::TunnelType::kGtpV1);
  ASSERT_NE(decoder_.Inner(), nullptr);
}

struct LinkCase {
  LinkType link;
  std::string header;
};

TEST_F(DecoderTest, LinkLayers) {
  const std::string snap("\xaa\xaa\x03\0\0\0\x08\x00", 8);
  const std::string data_frame = std::string("\x08\x01", 2) + std::string(22, '\1') + snap;
  const std::string qos_frame = std::string("\x88\x03", 2) + std::string(28, '\1') + std::string("\0\0", 2) + snap;
  const LinkCase cases[] = {
      {LinkType::kNull, std::string("\2\0\0\0", 4)},
      {LinkType::kLoop, std::string("\0\0\0\2", 4)},
      {LinkType::kEthernet, PacketBuilder().Ethernet(0x88a8).Vlan(1, 0x8100).Vlan(2, 0x0800).Build()},
      {LinkType::kEthernet, PacketBuilder().Ethernet(0x8847).U32(0x00001000).U32(0x00002100).Build()},
      {LinkType::kEthernet, PacketBuilder().Ethernet(0x8864).U16(0x1100).U16(1).U16(42).U16(0x21).Build()},
      {LinkType::kEthernet, PacketBuilder().Ethernet(48).Raw(snap).Build()},
      {LinkType::kEthernet, PacketBuilder().Ethernet(0x8926).U32(0).U16(0x0800).Build()},
      {LinkType::kPpp, std::string("\xff\x03\x00\x21", 4)},
      {LinkType::kFddi, "\x50" + std::string(12, '\1') + snap},
      {LinkType::kPppSerial, std::string("\x0f\x00\x08\x00", 4)},
      {LinkType::kPppoe, PacketBuilder().U16(0x1100).U16(1).U16(42).U16(0x21).Build()},
      {LinkType::kIeee80211, data_frame},
      {LinkType::kIeee80211, qos_frame},
      {LinkType::kIeee80211Radio, std::string("\0\0\x08\0\0\0\0\0", 8) + data_frame},
      {LinkType::kIeee80211Prism, std::string("\0\0\0\x44\x90\0\0\0", 8) + std::string(136, '\0') + data_frame},
      {LinkType::kIeee80211Avs, std::string("\x80\x21\x10\x01\0\0\0\x40", 8) + std::string(56, '\0') + data_frame},
      {LinkType::kPpi, std::string("\0\0\x08\0\x69\0\0\0", 8) + data_frame},
      {LinkType::kLinuxSll, std::string(14, '\0') + std::string("\x08\x00", 2)},
      {LinkType::kLinuxSll2, std::string("\x08\x00", 2) + std::string(18, '\0')},
      {LinkType::kNflog, std::string("\2\0\0\0\x08\0\x01\0\0\0\0\0\x2c\0\x09\0", 16)},
  };
  for (const LinkCase& c : cases) {
    const Datagram* d = Decode(c.header + PacketBuilder().Ipv4({}).Tcp(1, 2, 2).Build(), c.link);
    ASSERT_NE(d, nullptr) << static_cast<int>(c.link) << testing::PrintToString(weirds_.seen);
    EXPECT_EQ(d->dst_port, 2);
  }
  EXPECT_THAT(weirds_.seen, IsEmpty());
}

TEST_F(DecoderTest, UdpLengthsThatDisagree) {
  std::string packet = PacketBuilder().Ipv4({.proto = 17}).Udp(1, 2).Raw("0123456789").Build();
  packet[25] = 12;
  packet[26] = packet[27] = 0;
  const Datagram* d = Decode(packet, LinkType::kRaw);
  ASSERT_NE(d, nullptr);
  EXPECT_EQ(d->udp_length, 12u);
  EXPECT_EQ(d->payload.size(), 10u);
}

// Every packet cut anywhere, with and without its length known: nothing may be read beyond the end.
TEST_F(DecoderTest, CutAnywhere) {
  const std::string packet = PacketBuilder()
                                 .Ethernet(0x8100)
                                 .Vlan(1, 0x86dd)
                                 .Ipv6("2001:db8::1", "2001:db8::2", 17)
                                 .Udp(1, 4789)
                                 .U32(0x08000000)
                                 .U32(0)
                                 .Ethernet(0x0800)
                                 .Ipv4({.options = std::string("\1\1\1\0", 4)})
                                 .Tcp(1, 2, 2, 1, 0, std::string_view("\x03\x03\x07\x00", 4))
                                 .Raw("x")
                                 .Build();
  for (size_t length = 0; length <= packet.size(); ++length) {
    for (const size_t wire : {length, packet.size()}) {
      std::vector<char> exact(packet.begin(), packet.begin() + static_cast<ptrdiff_t>(length));
      packet_.data = {reinterpret_cast<const uint8_t*>(exact.data()), exact.size()};
      packet_.wire_length = static_cast<uint32_t>(wire);
      for (const Datagram* d = decoder_.Decode(packet_); d != nullptr; d = decoder_.Inner()) {
        EXPECT_LE(d->payload.size(), d->payload_length);
      }
    }
  }
}

}  // namespace
}  // namespace quaywatch::decode
