// SPDX-License-Identifier: Apache-2.0
//
// Services, outside names and interfaces.
#include "enrich/services.h"

#include <gtest/gtest.h>

#include "enrich/directory.h"
#include "enrich/dns_names.h"
#include "enrich/interface_names.h"
#include "enrich/known_world.h"

namespace quaywatch::enrich {
namespace {

using model::EndpointKind;
using std::chrono::minutes;
using std::chrono::seconds;

class ServicesTest : public testing::Test, protected KnownWorld {
 protected:
  std::string At80(std::string_view address, uint16_t port = 80,
                   model::Transport transport = model::Transport::kTcp) const {
    return directory_.ServiceAt({Ip(address), port, transport, 0}, At(1));
  }
  static Service Web(std::vector<Service::Endpoint> endpoints = {}) {
    return {.space = "shop",
            .name = "web",
            .addresses = {Ip("10.96.0.7"), Ip("198.51.100.7")},
            .ports = {{.port = 80, .node_port = 30080, .transport = model::Transport::kTcp}},
            .endpoints = std::move(endpoints)};
  }
};

TEST_F(ServicesTest, KnowsItsAddressesPortsAndNodePorts) {
  directory_.SetHostAddresses({Ip("192.168.1.10")});
  Claim node;
  node.id = "node";
  node.identity.kind = EndpointKind::kNode;
  node.addresses = {Ip("192.168.1.11")};
  directory_.Put(SourceKind::kKubernetes, node);
  directory_.PutService(Web());
  EXPECT_EQ(At80("10.96.0.7"), "shop/web");
  EXPECT_EQ(At80("198.51.100.7"), "shop/web");
  EXPECT_EQ(At80("10.96.0.7", 81), "");
  EXPECT_EQ(At80("10.96.0.7", 80, model::Transport::kUdp), "");
  EXPECT_EQ(At80("192.168.1.10", 30080), "shop/web");
  EXPECT_EQ(At80("192.168.1.11", 30080), "shop/web");
  EXPECT_EQ(At80("127.0.0.1", 30080), "shop/web");
  EXPECT_EQ(At80("192.168.1.12", 30080), "");
  EXPECT_EQ(Who("10.96.0.7", 1).kind, EndpointKind::kService);
  EXPECT_EQ(Who("10.96.0.7", 1).space, "shop");
  EXPECT_EQ(Who("10.96.0.7", 1).service, "web");
  directory_.RemoveService("shop", "web");
  EXPECT_EQ(At80("10.96.0.7"), "");
  EXPECT_EQ(At80("192.168.1.10", 30080), "");
}

TEST_F(ServicesTest, NamesThePodsThatAnswer) {
  directory_.Put(SourceKind::kHost, Local("n1", 11, {Ip("10.244.0.5")}, 1, Cid('a'), Uid('1')));
  directory_.Put(SourceKind::kKubernetes, Pod(Uid('1'), "web-1", 1));
  EXPECT_EQ(Who("10.244.0.5", 2).service, "");
  directory_.PutService(Web({{Ip("10.244.0.5"), Uid('1')}}));
  EXPECT_EQ(Who("10.244.0.5", 2).service, "web");
  Service other = Web({{Ip("10.244.0.5"), {}}});
  other.name = "all";
  directory_.PutService(other);
  EXPECT_EQ(Who("10.244.0.5", 2).service, "all,web");
  directory_.ReplaceServices({other});
  EXPECT_EQ(Who("10.244.0.5", 2).service, "all");
  EXPECT_EQ(At80("10.96.0.7"), "shop/all");
}

TEST_F(ServicesTest, DoesNotTakeAnAddressNextHolderForTheOldEndpoint) {
  directory_.PutService(Web({{Ip("10.244.0.5"), Uid('1')}}));
  directory_.Put(SourceKind::kHost, Local("n2", 12, {Ip("10.244.0.5")}, 3, Cid('b'), Uid('2')));
  directory_.Put(SourceKind::kKubernetes, Pod(Uid('2'), "job-2", 3));
  EXPECT_EQ(Who("10.244.0.5", 4).service, "");
}

class OutsideTest : public ServicesTest {};

TEST_F(OutsideTest, HasTheNameItsClientLookedUp) {
  directory_.Learn(Ip("10.9.9.9"), "a.example.", Ip("93.184.216.34"), At(1), seconds(30));
  directory_.Learn(Ip("10.9.9.8"), "b.example", Ip("93.184.216.34"), At(2), seconds(30));
  EXPECT_EQ(Who("93.184.216.34", 3).kind, EndpointKind::kOutside);
  EXPECT_EQ(Who("93.184.216.34", 3).name, "a.example");
  EXPECT_EQ(Who("93.184.216.34", 3, 0, 0, "10.9.9.8").name, "b.example");
  // Whoever did not ask himself: what was told last.
  EXPECT_EQ(Who("93.184.216.34", 3, 0, 0, "10.9.9.7").name, "b.example");
  EXPECT_EQ(Who("93.184.216.34", 1.5, 0, 0, "10.9.9.7").name, "a.example");
  EXPECT_EQ(Who("93.184.216.34", 0.5).name, "");
  EXPECT_EQ(Who("93.184.216.34", 1 + 599).name, "a.example");
  EXPECT_EQ(Who("93.184.216.34", 2 + 601).name, "");
  EXPECT_EQ(Who("93.184.216.35", 3).kind, EndpointKind::kOutside);
  EXPECT_EQ(directory_.counters().dns_names, 2u);
}

TEST_F(OutsideTest, KeepsANameAsLongAsItsTtlSays) {
  directory_.Learn(Ip("10.9.9.9"), "a.example", Ip("93.184.216.34"), At(1), minutes(60));
  EXPECT_EQ(Who("93.184.216.34", 3500).name, "a.example");
  EXPECT_EQ(Who("93.184.216.34", 3602).name, "");
}

TEST_F(OutsideTest, FollowsAClientThatIsToldAnotherName) {
  const auto learn = [&](std::string_view name, double at) {
    directory_.Learn(Ip("10.9.9.9"), name, Ip("93.184.216.34"), At(at), seconds(1));
  };
  learn("a.example", 1);
  learn("b.example", 5);
  learn("a.example", 9);
  learn("a.example", 10);
  EXPECT_EQ(Who("93.184.216.34", 4).name, "a.example");
  EXPECT_EQ(Who("93.184.216.34", 8).name, "b.example");
  EXPECT_EQ(Who("93.184.216.34", 11).name, "a.example");
  EXPECT_EQ(directory_.counters().dns_names, 3u);
}

TEST_F(OutsideTest, IsToldFromUnknownAndGroups) {
  EXPECT_EQ(Who("10.1.2.3", 1).kind, EndpointKind::kUnknown);
  EXPECT_EQ(Who("8.8.8.8", 1).kind, EndpointKind::kOutside);
  EXPECT_EQ(Who("203.0.113.9", 1).kind, EndpointKind::kOutside);
  EXPECT_EQ(Who("2001:db8::9", 1).kind, EndpointKind::kOutside);
  EXPECT_EQ(Who("224.0.0.251", 1).name, "multicast");
  EXPECT_EQ(Who("ff02::1", 1).name, "multicast");
  EXPECT_EQ(Who("255.255.255.255", 1).name, "broadcast");
  EXPECT_EQ(Who("255.255.255.255", 1).kind, EndpointKind::kUnknown);
  directory_.Learn(Ip("10.9.9.9"), "db.corp", Ip("10.1.2.3"), At(1), seconds(30));
  EXPECT_EQ(Who("10.1.2.3", 1).kind, EndpointKind::kUnknown);
  EXPECT_EQ(Who("10.1.2.3", 1).name, "db.corp");
}

TEST_F(OutsideTest, WaitsAMomentForAnAnswerThatAnotherWorkerReads) {
  EXPECT_TRUE(Ask("8.8.8.8", 1, 1.1).settled);
  directory_.SetActive(SourceKind::kHost, true);
  EXPECT_FALSE(Ask("8.8.8.8", 1, 1.1).settled);
  EXPECT_EQ(Ask("8.8.8.8", 1, 1.1).identity->kind, EndpointKind::kOutside);
  EXPECT_TRUE(Ask("8.8.8.8", 1, 1.3).settled);
  directory_.Learn(Ip("10.9.9.9"), "dns.example", Ip("8.8.8.8"), At(0.9), seconds(30));
  EXPECT_TRUE(Ask("8.8.8.8", 1, 1.1).settled);
}

TEST(DnsNamesTest, IsBounded) {
  DnsNames names(160);
  for (int i = 0; i < 1000; ++i) {
    const model::IpAddress address = Ip("93.184." + std::to_string(i / 250) + "." + std::to_string(i % 250));
    names.Learn(Ip("10.0.0.1"), "n" + std::to_string(i), address, At(i), seconds(1));
  }
  EXPECT_LE(names.size(), 160u);
  EXPECT_GT(names.size(), 100u);
  for (int i = 0; i < 1000; ++i) {
    names.Learn(Ip("10.0.0.1"), "m" + std::to_string(i), Ip("93.184.9.9"), At(2000 + i), seconds(1));
  }
  EXPECT_LE(names.size(), 160u);
  ASSERT_NE(names.NamedBy(Ip("93.184.9.9"), Ip("10.0.0.1"), At(3000)), nullptr);
  EXPECT_EQ(names.NamedBy(Ip("93.184.9.9"), Ip("10.0.0.1"), At(3000))->name, "m999");
  const size_t before = names.size();
  names.Learn(Ip("10.0.0.1"), std::string(256, 'x'), Ip("93.184.9.8"), At(1), seconds(1));
  EXPECT_EQ(names.size(), before);
}

TEST(InterfaceNamesTest, RemembersThoseThatAreGoneForAWhile) {
  InterfaceNames names;
  names.Set(0, {{1, "lo"}, {7, "veth7"}}, At(0), seconds(10));
  names.Set(11, {{2, "eth0"}}, At(0), seconds(10));
  names.Set(0, {{1, "lo"}, {8, "veth8"}}, At(5), seconds(10));
  EXPECT_EQ(names.NameOf(0, 7), "veth7");
  EXPECT_EQ(names.NameOf(0, 8), "veth8");
  EXPECT_EQ(names.NameOf(11, 2), "eth0");
  EXPECT_EQ(names.NameOf(11, 7), "");
  // Back with the same index, and gone once more.
  names.Set(0, {{1, "lo"}, {7, "renamed"}}, At(10), seconds(10));
  names.Set(0, {{1, "lo"}}, At(12), seconds(10));
  names.Set(0, {{1, "lo"}}, At(16), seconds(10));
  EXPECT_EQ(names.NameOf(0, 7), "renamed");
  names.Set(0, {{1, "lo"}}, At(23), seconds(10));
  EXPECT_EQ(names.NameOf(0, 7), "");
  EXPECT_EQ(names.NameOf(0, 8), "");
  EXPECT_EQ(names.NameOf(0, 1), "lo");
}

}  // namespace
}  // namespace quaywatch::enrich
