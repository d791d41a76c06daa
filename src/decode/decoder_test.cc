// SPDX-License-Identifier: Apache-2.0
#include "decode/decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
  EXPECT_EQ(d->udp_length, 13);
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
  EXPECT_THAT(weirds_.seen, ElementsAre("bad_IP_checksum IP"));
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

}  // namespace
}  // namespace quaywatch::decode
