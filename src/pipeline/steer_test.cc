// SPDX-License-Identifier: Apache-2.0
#include "pipeline/steer.h"

#include <gtest/gtest.h>

#include <set>

#include "decode/packet_builder.h"
#include "model/datagram.h"

namespace quaywatch::pipeline {
namespace {

using decode::PacketBuilder;
using model::LinkType;

constexpr unsigned kWorkers = 4;

unsigned Of(const std::string& bytes, LinkType link = LinkType::kEthernet, unsigned workers = kWorkers) {
  model::RawPacket packet;
  packet.data = base::AsBytes(bytes);
  packet.wire_length = static_cast<uint32_t>(bytes.size());
  packet.link = link;
  return WorkerFor(packet, workers);
}

std::string Host(int i) { return "10.1.2." + std::to_string(i); }
std::string Host6(int i) { return "2001:db8::" + std::to_string(i); }

std::string Udp4(const std::string& from, const std::string& to, unsigned source = 40000, unsigned target = 53) {
  const PacketBuilder::Ip ip{.src = from.c_str(), .dst = to.c_str(), .proto = 17};
  return PacketBuilder().Ethernet(0x0800).Ipv4(ip).Udp(source, target).Raw("x").Build();
}

std::string Tcp6(const std::string& from, const std::string& to, unsigned source, unsigned target) {
  return PacketBuilder().Ethernet(0x86dd).Ipv6(from.c_str(), to.c_str(), 6).Tcp(source, target, model::kAck).Build();
}

TEST(WorkerFor, BothDirectionsAndAllPortsOfTwoHostsMeet) {
  for (int i = 1; i < 50; ++i) {
    const unsigned worker = Of(Udp4(Host(0), Host(i)));
    EXPECT_LT(worker, kWorkers);
    EXPECT_EQ(worker, Of(Udp4(Host(i), Host(0), 53, 40000)));
    EXPECT_EQ(worker, Of(Udp4(Host(0), Host(i), 1, 2)));
    EXPECT_EQ(Of(Tcp6(Host6(0), Host6(i), 40000, 80)), Of(Tcp6(Host6(i), Host6(0), 80, 40000)));
  }
}

TEST(WorkerFor, EveryWorkerGetsSome) {
  std::set<unsigned> v4, v6;
  for (int i = 1; i < 50; ++i) {
    v4.insert(Of(Udp4(Host(0), Host(i))));
    v6.insert(Of(Tcp6(Host6(0), Host6(i), 40000, 80)));
  }
  EXPECT_EQ(v4.size(), kWorkers);
  EXPECT_EQ(v6.size(), kWorkers);
}

TEST(WorkerFor, OneWorkerGetsAll) {
  for (int i = 1; i < 50; ++i) EXPECT_EQ(Of(Udp4(Host(0), Host(i)), LinkType::kEthernet, 1), 0u);
}

TEST(WorkerFor, TagsAndLinkTypesDoNotMatter) {
  const PacketBuilder::Ip ip{.src = "10.1.2.3", .dst = "10.1.2.9", .proto = 17};
  const std::string plain = PacketBuilder().Ipv4(ip).Udp(1, 2).Build();
  const unsigned worker = Of(plain, LinkType::kRaw);
  EXPECT_EQ(worker, Of(PacketBuilder().Ethernet(0x0800).Raw(plain).Build()));
  EXPECT_EQ(worker, Of(PacketBuilder().Ethernet(0x88a8).Vlan(7, 0x8100).Vlan(8, 0x0800).Raw(plain).Build()));
  EXPECT_EQ(worker, Of(std::string(4, '\0') + plain, LinkType::kNull));
  EXPECT_EQ(worker, Of(std::string(14, '\0') + "\x08" + std::string(1, '\0') + plain, LinkType::kLinuxSll));
}

TEST(WorkerFor, FragmentsOfADatagramStayTogether) {
  PacketBuilder::Ip ip{.src = "10.1.2.3", .dst = "10.1.2.9", .proto = 17, .fragment = 0x2000};
  const unsigned first = Of(PacketBuilder().Ethernet(0x0800).Ipv4(ip).Udp(40000, 53).Raw("x").Build());
  ip.fragment = 2;
  EXPECT_EQ(first, Of(PacketBuilder().Ethernet(0x0800).Ipv4(ip).Raw("rest").Build()));
}

TEST(WorkerFor, DhcpAndWhatHasNoIpHeaderGoToTheFirst) {
  for (int i = 1; i < 20; ++i) EXPECT_EQ(Of(Udp4(Host(0), Host(i), 68, 67)), 0u);
  EXPECT_EQ(Of(PacketBuilder().Ethernet(0x0806).Raw(std::string(28, 'a')).Build()), 0u);
  EXPECT_EQ(Of(std::string(60, 'x'), LinkType::kIeee80211), 0u);
}

TEST(WorkerFor, CutsAreNoTrouble) {
  for (const std::string& whole : {Udp4(Host(0), Host(1), 68, 67), Tcp6(Host6(0), Host6(1), 40000, 80)}) {
    for (size_t size = 0; size <= whole.size(); ++size) EXPECT_LT(Of(whole.substr(0, size)), kWorkers) << size;
  }
}

}  // namespace
}  // namespace quaywatch::pipeline
