// SPDX-License-Identifier: Apache-2.0
//
// The real kernel: namespaces, veths, addresses and cgroups made for it, and the source watching them from a
// network namespace of the test's own. Needs root.
#include "enrich/host/host.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <thread>

#include "enrich/host/lab.h"
#include "enrich/host/network.h"

namespace quaywatch::enrich::host {
namespace {

using lab::Container;
using lab::Eventually;
using lab::Id;
using lab::Sh;

model::IpAddress Ip(const std::string& text) { return *model::IpAddress::Parse(text); }

class HostTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root: makes network namespaces";
    before_ = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    ASSERT_EQ(unshare(CLONE_NEWNET), 0);
    ASSERT_TRUE(Sh("ip link set lo up"));
    cgroup_ = lab::MakeCgroup("quaywatch-test-" + std::to_string(getpid()));
    ASSERT_FALSE(cgroup_.empty()) << "no cgroup hierarchy to make folders in";
  }
  void TearDown() override {
    if (before_ < 0) return;
    source_.reset();
    EXPECT_EQ(listener_.size(), 0u);
    EXPECT_EQ(listener_.mistakes(), 0);
    rmdir(cgroup_.c_str());
    setns(before_, CLONE_NEWNET);
    close(before_);
  }

  void Start() {
    source_ = StartHost({.listener = &listener_}, directory_, [](std::string_view) {});
    ASSERT_TRUE(Eventually([this] { return source_->status().state == SourceState::kWorking; }));
    EXPECT_EQ(source_->status().detail, "");
  }
  std::string Cgroup(unsigned number) const { return cgroup_ + "/" + Id(number); }

  // Who has this address now; without ids if nobody.
  KnownEndpoint Known(const std::string& address) const {
    for (const KnownEndpoint& endpoint : directory_.Endpoints(false)) {
      for (const model::IpAddress& one : endpoint.addresses) {
        if (one == Ip(address)) return endpoint;
      }
    }
    return {};
  }
  bool Holds(const std::string& address, unsigned container) const {
    return Known(address).container_id == Id(container);
  }

  lab::Listener listener_;
  Directory directory_{DirectoryOptions{}};
  std::unique_ptr<HostSource> source_;
  std::string cgroup_;
  int before_ = -1;
};

TEST_F(HostTest, AddressOfAContainerFromItsFirstMoment) {
  Start();
  const Container container(Cgroup(1));
  const base::Timestamp before = Now().wall;
  ASSERT_TRUE(container.Connect("hostv1", "10.77.0.2/24"));
  const base::Timestamp connected = Now().wall;
  ASSERT_TRUE(Eventually([&] { return Holds("10.77.0.2", 1); }));
  const KnownEndpoint known = Known("10.77.0.2");
  EXPECT_EQ(known.interface, "hostv1");
  EXPECT_EQ(known.netns, container.inode());
  EXPECT_EQ(known.identity.kind, model::EndpointKind::kContainer);
  EXPECT_LE(known.since, connected);
  EXPECT_GE(known.since, before - std::chrono::milliseconds(30));
  const auto interfaces = listener_.Of(container.inode());
  ASSERT_EQ(interfaces.size(), 2u);
  EXPECT_TRUE(interfaces[0].loopback);
  EXPECT_TRUE(interfaces[1].peer_in_host);
  EXPECT_EQ(directory_.InterfaceName(0, interfaces[1].host_index), "hostv1");
  EXPECT_EQ(directory_.InterfaceName(container.inode(), interfaces[1].index), "eth0");
}

TEST_F(HostTest, WhatWasThereBefore) {
  const Container container(Cgroup(1));
  ASSERT_TRUE(container.Connect("hostv1", "10.77.0.2/24"));
  Start();
  EXPECT_TRUE(Eventually([&] { return Holds("10.77.0.2", 1); }));
}

TEST_F(HostTest, NamesAndAddressesChange) {
  Start();
  const Container container(Cgroup(1));
  ASSERT_TRUE(container.Connect("hostv1", "10.77.0.2/24"));
  ASSERT_TRUE(Eventually([&] { return Holds("10.77.0.2", 1); }));
  ASSERT_TRUE(Sh("ip link set hostv1 name hostnew"));
  EXPECT_TRUE(Eventually([&] { return Known("10.77.0.2").interface == "hostnew"; }));
  ASSERT_TRUE(container.Inside("ip addr add fd77::2/64 dev eth0 nodad; ip link set eth0 name net1"));
  EXPECT_TRUE(Eventually([&] { return Holds("fd77::2", 1); }));
  EXPECT_TRUE(Eventually([&] { return listener_.Of(container.inode()).at(1).name == "net1"; }));
  ASSERT_TRUE(container.Inside("ip addr del 10.77.0.2/24 dev net1"));
  EXPECT_TRUE(Eventually([&] { return !Holds("10.77.0.2", 1); }));
  EXPECT_TRUE(Holds("fd77::2", 1));
}

TEST_F(HostTest, EndsWithItsLastProcessThoughTheListenerHoldsIt) {
  Start();
  Container container(Cgroup(1));
  ASSERT_TRUE(container.Connect("hostv1", "10.77.0.2/24"));
  const uint32_t inode = container.inode();
  ASSERT_TRUE(Eventually([&] { return listener_.Has(inode); }));
  container.End();
  EXPECT_TRUE(Eventually([&] { return !listener_.Has(inode); }));
  EXPECT_TRUE(Eventually([&] { return !Holds("10.77.0.2", 1); }));
  // Nothing keeps it alive.
  EXPECT_TRUE(Eventually([] { return !Sh("ip link show hostv1 >/dev/null 2>&1"); }));
}

// Each has the address of the one before. The kernel dates addresses by its tick, 10 ms and late on a busy machine:
// they live longer than that, and follow each other no faster.
TEST_F(HostTest, ShortLivesWithTheSameAddress) {
  Start();
  struct Life {
    base::Timestamp begin, end;
  };
  constexpr auto kTicks = std::chrono::milliseconds(60);
  std::vector<Life> lives;
  for (unsigned i = 0; i < 20; ++i) {
    Container container(Cgroup(i));
    ASSERT_TRUE(container.Connect("hostv" + std::to_string(i), "10.77.0.2/24"));
    const base::Timestamp begin = Now().wall;
    ASSERT_TRUE(Eventually([&] { return Holds("10.77.0.2", i); })) << i;
    std::this_thread::sleep_for(kTicks);
    lives.push_back({begin, Now().wall});
    container.End();
    std::this_thread::sleep_for(kTicks);
  }
  for (unsigned i = 0; i < lives.size(); ++i) {
    for (const base::Timestamp at : {lives[i].begin, lives[i].end}) {
      const auto answer = directory_.HolderOf({Ip("10.77.0.2"), 1, model::Transport::kTcp, 0}, Ip("192.0.2.1"), at,
                                              at + std::chrono::seconds(60));
      ASSERT_TRUE(answer.identity) << i;
      EXPECT_EQ(answer.identity->container, Id(i).substr(0, 12));
    }
  }
}

TEST_F(HostTest, ManyAtOnce) {
  Start();
  constexpr unsigned kCount = 100;
  std::vector<std::unique_ptr<Container>> containers;
  for (unsigned i = 0; i < kCount; ++i) {
    containers.push_back(std::make_unique<Container>(Cgroup(i)));
    ASSERT_TRUE(containers.back()->Connect("hostv" + std::to_string(i), "10.77.1." + std::to_string(i) + "/32"));
  }
  for (unsigned i = 0; i < kCount; ++i) {
    EXPECT_TRUE(Eventually([&] { return Holds("10.77.1." + std::to_string(i), i); })) << i;
  }
  EXPECT_TRUE(Eventually([&] { return listener_.size() == kCount; }));
  containers.clear();
  EXPECT_TRUE(Eventually([&] { return listener_.size() == 0; })) << listener_.size();
  // Only the machine itself is left.
  EXPECT_TRUE(Eventually([&] { return directory_.Endpoints(false).size() == 1; }));
}

TEST_F(HostTest, MacvlanHasItsParentHere) {
  ASSERT_TRUE(Sh("ip link add up0 type veth peer name up1 && ip link set up0 up && ip link set up1 up"));
  Start();
  // Made here and moved, as Docker does, and made there at once, as CNI does.
  const Container moved(Cgroup(1)), direct(Cgroup(2));
  ASSERT_TRUE(Sh("ip link add mac0 link up0 type macvlan mode bridge && ip link set mac0 netns " + moved.net()));
  ASSERT_TRUE(moved.Inside("ip addr add 10.77.0.2/24 dev mac0"));
  ASSERT_TRUE(Sh("ip link add link up0 name eth0 netns " + direct.net() + " type macvlan mode bridge"));
  ASSERT_TRUE(direct.Inside("ip addr add 10.77.0.3/24 dev eth0"));
  EXPECT_TRUE(Eventually([&] { return Holds("10.77.0.2", 1); }));
  EXPECT_TRUE(Eventually([&] { return Holds("10.77.0.3", 2); }));
  const auto interfaces = listener_.Of(moved.inode());
  ASSERT_EQ(interfaces.size(), 2u);
  EXPECT_EQ(interfaces[1].kind, "macvlan");
  EXPECT_FALSE(interfaces[1].peer_in_host);
  EXPECT_EQ(directory_.InterfaceName(0, interfaces[1].host_index), "up0");
}

TEST_F(HostTest, OtherNodesAndTheirContainersAreNotOurs) {
  Start();
  const Container node(""), theirs(Cgroup(2)), ours(Cgroup(3));
  ASSERT_TRUE(node.Connect("hostn", "10.78.0.2/24"));
  ASSERT_TRUE(Sh("nsenter --net=" + node.net() + " ip link add theirs type veth peer name eth0 netns " + theirs.net()));
  ASSERT_TRUE(theirs.Inside("ip addr add 10.78.1.2/24 dev eth0"));
  ASSERT_TRUE(ours.Connect("hostp", "10.77.0.2/24"));
  ASSERT_TRUE(Eventually([&] { return Holds("10.77.0.2", 3); }));
  EXPECT_TRUE(Eventually([&] { return Known("10.78.0.2").netns == 0; }));
  EXPECT_EQ(Known("10.78.1.2").netns, 0u);
  EXPECT_TRUE(Eventually([&] { return listener_.size() == 1; }));
}

TEST_F(HostTest, ARouterIsNotAWorkload) {
  const Container router("");
  ASSERT_TRUE(router.Connect("hostr", "10.79.0.1/24"));
  ASSERT_TRUE(Sh("ip addr add 10.79.0.2/24 dev hostr && ip route add default via 10.79.0.1"));
  Start();
  const Container ours(Cgroup(1));
  ASSERT_TRUE(ours.Connect("hostp", "10.77.0.2/24"));
  ASSERT_TRUE(Eventually([&] { return Holds("10.77.0.2", 1); }));
  EXPECT_EQ(Known("10.79.0.1").netns, 0u);
  EXPECT_FALSE(listener_.Has(router.inode()));
  EXPECT_TRUE(directory_.IsHostAddress(Ip("10.79.0.2")));
}

TEST_F(HostTest, NamespaceOfNoContainerHasItsMountsName) {
  Start();
  const std::string name = "quaywatch-test-" + std::to_string(getpid());
  ASSERT_TRUE(Sh("ip netns add " + name));
  ASSERT_TRUE(Sh("ip link add hostv type veth peer name eth0 netns " + name));
  ASSERT_TRUE(Sh("ip -n " + name + " addr add 10.77.0.2/24 dev eth0"));
  EXPECT_TRUE(Eventually([&] { return Known("10.77.0.2").identity.name == name; }));
  EXPECT_EQ(Known("10.77.0.2").identity.kind, model::EndpointKind::kNetns);
  ASSERT_TRUE(Sh("ip netns del " + name));
  EXPECT_TRUE(Eventually([&] { return Known("10.77.0.2").netns == 0; }));
}

TEST_F(HostTest, TunnelsThatEndHere) {
  ASSERT_TRUE(Sh("ip link add vx0 type vxlan id 7 dstport 8472 local 127.0.0.1"));
  Start();
  EXPECT_TRUE(Eventually([&] { return !source_->LocalTunnels().empty(); }));
  EXPECT_EQ(source_->LocalTunnels().at(0).kind, "vxlan");
  EXPECT_EQ(source_->LocalTunnels().at(0).udp_port, 8472);
  ASSERT_TRUE(Sh("ip link del vx0"));
  EXPECT_TRUE(Eventually([&] { return source_->LocalTunnels().empty(); }));
}

// Listens on the port that it writes.
void Listen(uint16_t port, int type) {
  const int fd = socket(AF_INET6, type, 0);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) _exit(1);
  if (type == SOCK_STREAM && listen(fd, 1) != 0) _exit(1);
}

TEST_F(HostTest, ContainersWithTheMachinesNetwork) {
  Start();
  const auto serve = [] {
    Listen(7001, SOCK_STREAM);
    Listen(7002, SOCK_DGRAM);
  };
  const Container container(Cgroup(1), false, serve);
  Listen(7003, SOCK_STREAM);
  const auto holder = [&](uint16_t port, model::Transport transport) {
    const base::Timestamp now = Now().wall;
    const auto answer = directory_.HolderOf({Ip("127.0.0.1"), port, transport, 0}, Ip("127.0.0.1"), now,
                                            now + std::chrono::seconds(60));
    return answer.identity ? answer.identity->container : "";
  };
  const std::string id = Id(1).substr(0, 12);
  EXPECT_TRUE(Eventually([&] { return holder(7001, model::Transport::kTcp) == id; }));
  EXPECT_TRUE(Eventually([&] { return holder(7002, model::Transport::kUdp) == id; }));
  EXPECT_NE(holder(7003, model::Transport::kTcp), id);

  SocketTuple asked{model::Transport::kTcp, Ip("127.0.0.1"), 7001, Ip("127.0.0.1"), 40000};
  const auto owner = source_->OwnerOf(asked);
  ASSERT_TRUE(owner);
  EXPECT_EQ(owner->container_id, Id(1));
  asked.local_port = 7003;
  EXPECT_FALSE(source_->OwnerOf(asked));
  asked.local_port = 7004;
  EXPECT_FALSE(source_->OwnerOf(asked));
}

TEST_F(HostTest, OwnerOfAConnection) {
  Start();
  Listen(7003, SOCK_STREAM);
  const auto connect_from = [] {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(40123);
    if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) _exit(1);
    address.sin_port = htons(7003);
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) _exit(1);
  };
  const Container container(Cgroup(1), false, connect_from);
  const auto owner = source_->OwnerOf({model::Transport::kTcp, Ip("127.0.0.1"), 40123, Ip("127.0.0.1"), 7003});
  ASSERT_TRUE(owner);
  EXPECT_EQ(owner->container_id, Id(1));
}

}  // namespace
}  // namespace quaywatch::enrich::host
