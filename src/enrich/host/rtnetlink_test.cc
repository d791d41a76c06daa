// SPDX-License-Identifier: Apache-2.0
#include "enrich/host/rtnetlink.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <vector>

namespace quaywatch::enrich::host {
namespace {

using testing::_;
using testing::StrictMock;

struct MockReader : NetworkReader {
  MOCK_METHOD(void, OnLink, (Nsid, Link), (override));
  MOCK_METHOD(void, OnLinkGone, (Nsid, const Link&), (override));
  MOCK_METHOD(void, OnAddress, (Nsid, const LinkAddress&), (override));
  MOCK_METHOD(void, OnAddressGone, (Nsid, const LinkAddress&), (override));
  MOCK_METHOD(void, OnNamespace, (Nsid), (override));
  MOCK_METHOD(void, OnNamespaceGone, (Nsid), (override));
  MOCK_METHOD(void, OnGateway, (const model::IpAddress&), (override));
};

// One message, to be filled.
struct Message {
  explicit Message(uint16_t type) : header(mnl_nlmsg_put_header(buffer.data())) { header->nlmsg_type = type; }
  template <typename T>
  T& Extra() {
    return *static_cast<T*>(mnl_nlmsg_put_extra_header(header, sizeof(T)));
  }
  base::Bytes bytes() const { return {reinterpret_cast<const uint8_t*>(buffer.data()), header->nlmsg_len}; }

  alignas(nlmsghdr) std::array<char, 1024> buffer{};
  nlmsghdr* header;
};

model::IpAddress Ip(const char* text) { return *model::IpAddress::Parse(text); }

TEST(Rtnetlink, LinkWithItsOtherEnd) {
  Message message(RTM_NEWLINK);
  message.Extra<ifinfomsg>().ifi_index = 7;
  mnl_attr_put_strz(message.header, IFLA_IFNAME, "veth0");
  mnl_attr_put_u32(message.header, IFLA_LINK, 2);
  mnl_attr_put_u32(message.header, IFLA_LINK_NETNSID, 3);
  mnl_attr_put_u32(message.header, IFLA_MASTER, 4);
  nlattr* info = mnl_attr_nest_start(message.header, IFLA_LINKINFO);
  mnl_attr_put_strz(message.header, IFLA_INFO_KIND, "veth");
  mnl_attr_nest_end(message.header, info);
  StrictMock<MockReader> reader;
  EXPECT_CALL(reader,
              OnLink(5, Link{.index = 7, .name = "veth0", .kind = "veth", .other = 2, .other_nsid = 3, .master = 4}));
  EXPECT_EQ(ReadMessages(message.bytes(), 5, reader), 1u);
}

TEST(Rtnetlink, LinkMovedAway) {
  Message message(RTM_DELLINK);
  message.Extra<ifinfomsg>().ifi_index = 7;
  mnl_attr_put_strz(message.header, IFLA_IFNAME, "mac0");
  mnl_attr_put_u32(message.header, IFLA_NEW_NETNSID, 9);
  StrictMock<MockReader> reader;
  EXPECT_CALL(reader, OnLinkGone(kNoNsid, Link{.index = 7, .name = "mac0", .moved_to = 9}));
  EXPECT_EQ(ReadMessages(message.bytes(), kNoNsid, reader), 1u);
}

TEST(Rtnetlink, PortsOfTunnels) {
  for (const auto& [kind, type] :
       {std::pair{"vxlan", uint16_t{IFLA_VXLAN_PORT}}, {"geneve", uint16_t{IFLA_GENEVE_PORT}}}) {
    Message message(RTM_NEWLINK);
    message.Extra<ifinfomsg>().ifi_index = 7;
    nlattr* info = mnl_attr_nest_start(message.header, IFLA_LINKINFO);
    mnl_attr_put_strz(message.header, IFLA_INFO_KIND, kind);
    nlattr* data = mnl_attr_nest_start(message.header, IFLA_INFO_DATA);
    mnl_attr_put_u16(message.header, type, htons(8472));
    mnl_attr_nest_end(message.header, data);
    mnl_attr_nest_end(message.header, info);
    StrictMock<MockReader> reader;
    EXPECT_CALL(reader, OnLink(kNoNsid, Link{.index = 7, .kind = kind, .udp_port = 8472}));
    ReadMessages(message.bytes(), kNoNsid, reader);
  }
}

TEST(Rtnetlink, PortsOfABridgeAreNoLinks) {
  Message message(RTM_DELLINK);
  message.Extra<ifinfomsg>() = {.ifi_family = AF_BRIDGE, .ifi_index = 7};
  StrictMock<MockReader> reader;
  EXPECT_EQ(ReadMessages(message.bytes(), kNoNsid, reader), 0u);
}

TEST(Rtnetlink, AddressesSayWhereAndSinceWhen) {
  Message message(RTM_NEWADDR);
  message.Extra<ifaddrmsg>() = {.ifa_family = AF_INET, .ifa_scope = RT_SCOPE_UNIVERSE, .ifa_index = 2};
  const model::IpAddress peer = Ip("10.0.0.1"), local = Ip("10.0.0.2");
  mnl_attr_put(message.header, IFA_ADDRESS, 4, peer.bytes().data());
  mnl_attr_put(message.header, IFA_LOCAL, 4, local.bytes().data());
  const ifa_cacheinfo times{.cstamp = 250};
  mnl_attr_put(message.header, IFA_CACHEINFO, sizeof times, &times);
  mnl_attr_put_u32(message.header, IFA_TARGET_NETNSID, 6);
  StrictMock<MockReader> reader;
  EXPECT_CALL(reader, OnAddress(6, _)).WillOnce([&](Nsid, const LinkAddress& address) {
    EXPECT_EQ(address.index, 2u);
    EXPECT_EQ(address.address, local);
    EXPECT_TRUE(address.global);
    EXPECT_EQ(address.created, std::chrono::milliseconds(2500));
  });
  ReadMessages(message.bytes(), kNoNsid, reader);
}

TEST(Rtnetlink, LinkLocalAddressOfVersion6) {
  Message message(RTM_DELADDR);
  message.Extra<ifaddrmsg>() = {.ifa_family = AF_INET6, .ifa_scope = RT_SCOPE_LINK, .ifa_index = 2};
  const model::IpAddress local = Ip("fe80::1");
  mnl_attr_put(message.header, IFA_ADDRESS, 16, local.bytes().data());
  StrictMock<MockReader> reader;
  EXPECT_CALL(reader, OnAddressGone(4, _)).WillOnce([&](Nsid, const LinkAddress& address) {
    EXPECT_EQ(address.address, local);
    EXPECT_FALSE(address.global);
  });
  ReadMessages(message.bytes(), 4, reader);
}

TEST(Rtnetlink, NamespaceNumbersOfOthersMeanNothing) {
  Message message(RTM_DELNSID);
  message.Extra<rtgenmsg>() = {};
  mnl_attr_put_u32(message.header, NETNSA_NSID, 3);
  StrictMock<MockReader> reader;
  EXPECT_CALL(reader, OnNamespaceGone(3));
  EXPECT_EQ(ReadMessages(message.bytes(), kNoNsid, reader), 1u);
  EXPECT_EQ(ReadMessages(message.bytes(), 1, reader), 0u);
}

TEST(Rtnetlink, GatewaysOfAllKindsOfRoutes) {
  Message message(RTM_NEWROUTE);
  message.Extra<rtmsg>().rtm_family = AF_INET;
  const model::IpAddress first = Ip("10.0.0.1"), second = Ip("10.0.0.2"), third = Ip("fe80::3");
  mnl_attr_put(message.header, RTA_GATEWAY, 4, first.bytes().data());
  nlattr* hops = mnl_attr_nest_start(message.header, RTA_MULTIPATH);
  auto* hop = static_cast<rtnexthop*>(mnl_nlmsg_put_extra_header(message.header, sizeof(rtnexthop)));
  mnl_attr_put(message.header, RTA_GATEWAY, 4, second.bytes().data());
  hop->rtnh_len = sizeof(rtnexthop) + 8;
  mnl_attr_nest_end(message.header, hops);
  std::array<uint8_t, 18> via{AF_INET6, 0};
  std::ranges::copy(third.bytes(), via.begin() + 2);
  mnl_attr_put(message.header, RTA_VIA, via.size(), via.data());
  StrictMock<MockReader> reader;
  EXPECT_CALL(reader, OnGateway(first));
  EXPECT_CALL(reader, OnGateway(second));
  EXPECT_CALL(reader, OnGateway(third));
  ReadMessages(message.bytes(), kNoNsid, reader);
}

// Whatever is cut off, nothing behind it is read.
TEST(Rtnetlink, CutMessagesAreLeftOut) {
  Message message(RTM_NEWLINK);
  message.Extra<ifinfomsg>().ifi_index = 7;
  mnl_attr_put_strz(message.header, IFLA_IFNAME, "veth0");
  for (size_t size = 0; size < message.bytes().size(); ++size) {
    StrictMock<MockReader> reader;
    const std::vector<uint8_t> cut(message.bytes().begin(), message.bytes().begin() + static_cast<ptrdiff_t>(size));
    EXPECT_EQ(ReadMessages(cut, kNoNsid, reader), 0u);
  }
}

}  // namespace
}  // namespace quaywatch::enrich::host
