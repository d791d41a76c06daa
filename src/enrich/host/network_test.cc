// SPDX-License-Identifier: Apache-2.0
#include "enrich/host/network.h"

#include <gtest/gtest.h>

namespace quaywatch::enrich::host {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Nsid kSelf = 0;
constexpr Nsid kPod = 1;

// The clock of the kernel's timestamps is this much behind ours.
constexpr base::Duration kLag = milliseconds(250);
constexpr base::Timestamp kStart = base::FromUnixNanos(1'000'000'000'000'000'000);

Moment At(base::Duration uptime) { return {kStart + uptime, uptime}; }

model::IpAddress Ip(const char* text) { return *model::IpAddress::Parse(text); }

LinkAddress Address(const char* address, base::Duration set_at) {
  return {2, Ip(address), true, std::chrono::floor<std::chrono::duration<int64_t, std::centi>>(set_at - kLag)};
}

class NetworkTest : public testing::Test {
 protected:
  void Dump(Nsid nsid, const std::vector<Link>& links, const std::vector<LinkAddress>& addresses) {
    network_.BeginDump(nsid);
    for (const Link& link : links) network_.OnLink(nsid, link);
    for (const LinkAddress& address : addresses) network_.OnAddress(nsid, address);
    network_.EndDump(true);
  }
  // A pod with a veth, known since `uptime`.
  void AddPod(base::Duration uptime) {
    network_.At(At(uptime));
    network_.OnLink(kNoNsid, {.index = 10, .name = "veth1", .kind = "veth", .other = 2, .other_nsid = kPod});
    Dump(kPod, {{.index = 1, .name = "lo", .loopback = true}, Eth()}, {});
  }
  static Link Eth() { return {.index = 2, .name = "eth0", .kind = "veth", .other = 10, .other_nsid = kSelf}; }
  const Namespace& pod() const { return *network_.Find(kPod); }

  Network network_{kSelf};
};

TEST_F(NetworkTest, AVethLeadsToItsNamespace) {
  network_.At(At(seconds(1)));
  network_.OnLink(kNoNsid, {.index = 10, .name = "veth1", .kind = "veth", .other = 2, .other_nsid = kPod});
  EXPECT_TRUE(network_.HasNew());
  EXPECT_EQ(network_.TakeUnread(), std::set<Nsid>{kPod});
  EXPECT_TRUE(network_.IsAttached(kPod));
  EXPECT_EQ(network_.HostInterfaceOf(kPod, pod()), "veth1");
  Dump(kPod, {Eth()}, {});
  EXPECT_TRUE(network_.IsAttached(pod()));
  EXPECT_FALSE(network_.IsHub(pod()));
  EXPECT_EQ(network_.HostInterfaceOf(kPod, pod()), "veth1");
  EXPECT_EQ(network_.TakeChanged(), (std::set<Nsid>{kNoNsid, kPod}));
}

TEST_F(NetworkTest, ALinkMovedAwayLeadsThere) {
  network_.At(At(seconds(1)));
  network_.OnLinkGone(kNoNsid, {.index = 11, .name = "mac0", .kind = "macvlan", .other = 3, .moved_to = kPod});
  EXPECT_EQ(network_.TakeUnread(), std::set<Nsid>{kPod});
}

TEST_F(NetworkTest, EventsOfOthersAreReadByADump) {
  AddPod(seconds(1));
  network_.TakeUnread();
  network_.OnLink(kPod, {.index = 2, .name = "net1"});
  EXPECT_EQ(pod().links.at(2).name, "eth0");
  EXPECT_EQ(network_.TakeUnread(), std::set<Nsid>{kPod});
  network_.OnLink(7, {.index = 2, .name = "net1"});  // of nobody we follow
  EXPECT_TRUE(network_.TakeUnread().empty());
}

TEST_F(NetworkTest, AnAddressCountsFromWhenItWasSet) {
  AddPod(seconds(1));
  network_.At(At(seconds(2) + milliseconds(30)));
  network_.OnAddress(kPod, Address("10.0.0.2", seconds(2)));
  // Too early by the lag, which is not known before; rather that than late.
  EXPECT_LE(pod().addresses[0].since, kStart + seconds(2));
  EXPECT_GE(pod().addresses[0].since, kStart + seconds(2) - kLag - milliseconds(10));
  EXPECT_EQ(pod().changed, pod().addresses[0].since);
  network_.At(At(seconds(10)));
  network_.OnAddress(kPod, Address("10.0.0.3", seconds(9)));
  EXPECT_NEAR(static_cast<double>((pod().addresses[1].since - kStart).count()), 9e9, 50e6);
}

TEST_F(NetworkTest, NeverLateWhenTheLagIsKnown) {
  Network network(kSelf, kLag);
  network.At(At(seconds(1)));
  network.Watch(kPod);
  for (int i = 0; i < 20; ++i) {
    const base::Duration set = seconds(2) + milliseconds(3 * i);
    network.At(At(set + milliseconds(40)));
    network.OnAddress(kPod, Address(("10.0.0." + std::to_string(i)).c_str(), set));
    const base::Timestamp since = network.Find(kPod)->addresses.back().since;
    EXPECT_LE(since, kStart + set);
    EXPECT_GE(since, kStart + set - milliseconds(10));
  }
}

TEST_F(NetworkTest, ATakenAddressCountsFromItsLastEnd) {
  AddPod(seconds(1));
  network_.At(At(seconds(2)));
  network_.OnAddress(kPod, Address("10.0.0.2", seconds(2)));
  network_.At(At(seconds(3)));
  network_.OnAddressGone(kPod, Address("10.0.0.2", seconds(2)));
  network_.At(At(seconds(3) + milliseconds(1)));
  network_.OnAddress(kPod, Address("10.0.0.2", seconds(3) + milliseconds(1)));
  EXPECT_GE(pod().addresses.at(0).since, kStart + seconds(3));
  EXPECT_LE(pod().addresses.at(0).since, kStart + seconds(3) + milliseconds(1));
}

TEST_F(NetworkTest, ADumpKeepsWhatItKnewAndDropsWhatIsGone) {
  AddPod(seconds(1));
  network_.At(At(seconds(2)));
  network_.OnAddress(kPod, Address("10.0.0.2", seconds(2)));
  network_.OnAddress(kPod, Address("10.0.0.3", seconds(2)));
  const base::Timestamp since = pod().addresses[0].since;
  network_.At(At(seconds(5)));
  Dump(kPod, {Eth()}, {Address("10.0.0.2", seconds(2))});
  ASSERT_EQ(pod().addresses.size(), 1u);
  EXPECT_EQ(pod().addresses[0].since, since);
  EXPECT_EQ(pod().changed, kStart + seconds(5));
}

TEST_F(NetworkTest, ANumberGivenAgainIsAnotherNamespace) {
  AddPod(seconds(1));
  const uint64_t number = pod().number;
  network_.OnNamespaceGone(kPod);
  EXPECT_EQ(network_.Find(kPod), nullptr);
  AddPod(seconds(2));
  EXPECT_NE(pod().number, number);
}

TEST_F(NetworkTest, ADumpThatFailsEndsTheNamespace) {
  AddPod(seconds(1));
  network_.BeginDump(kPod);
  network_.EndDump(false);
  EXPECT_EQ(network_.Find(kPod), nullptr);
}

TEST_F(NetworkTest, LinksToThirdNamespacesMakeAHub) {
  AddPod(seconds(1));
  Dump(kPod, {Eth(), {.index = 3, .name = "veth9", .kind = "veth", .other = 2, .other_nsid = 4}}, {});
  EXPECT_TRUE(network_.IsHub(pod()));
}

TEST_F(NetworkTest, ABridgeIsAnEndToo) {
  AddPod(seconds(1));
  network_.OnLink(kNoNsid, {.index = 10, .name = "veth1", .kind = "veth", .other = 2, .other_nsid = kPod, .master = 5});
  EXPECT_EQ(network_.HostEndsOf(pod()), (std::set<uint32_t>{5, 10}));
}

TEST_F(NetworkTest, NoMoreThanTheMaximum) {
  network_.At(At(seconds(1)));
  for (size_t i = 0; i < Network::kMaxNamespaces + 5; ++i) network_.Watch(static_cast<Nsid>(i + 1));
  EXPECT_EQ(network_.namespaces().size(), Network::kMaxNamespaces);
  EXPECT_EQ(network_.ignored(), 5u);
}

}  // namespace
}  // namespace quaywatch::enrich::host
