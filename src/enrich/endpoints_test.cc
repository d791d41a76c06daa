// SPDX-License-Identifier: Apache-2.0
//
// What is put together for one workload, and for the machine itself.
#include <gtest/gtest.h>

#include "enrich/directory.h"
#include "enrich/known_world.h"

namespace quaywatch::enrich {
namespace {

using model::EndpointKind;

class EndpointsTest : public testing::Test, protected KnownWorld {
 protected:
  // A pod of this machine with a sandbox and these containers, as containerd and the host tell.
  void PutPod(char digit, std::string_view address, uint32_t netns, const std::vector<std::string>& names) {
    const std::string pod = std::string("web-") + digit;
    directory_.Put(SourceKind::kHost, Local(pod, netns, {Ip(address)}, 1, Cid(digit), Uid(digit)));
    directory_.Put(SourceKind::kContainerd, PodContainer(Cid(digit), Uid(digit), pod, "", 1));
    char id = 'a';
    for (const std::string& name : names) {
      directory_.Put(SourceKind::kContainerd, PodContainer(Cid(digit).substr(1) + id++, Uid(digit), pod, name, 2));
    }
  }
};

TEST_F(EndpointsTest, ShowsThePodAndItsOnlyContainer) {
  PutPod('1', "10.244.0.5", 11, {"app"});
  const model::Identity who = Who("10.244.0.5", 3);
  EXPECT_EQ(who.kind, EndpointKind::kPod);
  EXPECT_EQ(who.space, "shop");
  EXPECT_EQ(who.pod, "web-1");
  EXPECT_EQ(who.container, "app");
  EXPECT_EQ(who.image, "app:1");
  EXPECT_EQ(who.workload, "web");
  EXPECT_EQ(who.workload_kind, "Deployment");
  EXPECT_EQ(who.node, "node-1");
}

TEST_F(EndpointsTest, ShowsAContainerOfSeveralOnlyIfThePortTells) {
  PutPod('1', "10.244.0.5", 11, {"app", "proxy"});
  Claim app = PodContainer(Cid('1').substr(1) + 'a', Uid('1'), "web-1", "app", 2);
  app.ports = {8080, 9090};
  directory_.Put(SourceKind::kKubernetes, app);
  Claim proxy = PodContainer(Cid('1').substr(1) + 'b', Uid('1'), "web-1", "proxy", 2);
  proxy.ports = {15001, 9090};
  directory_.Put(SourceKind::kKubernetes, proxy);
  EXPECT_EQ(Who("10.244.0.5", 3, 41234).pod, "web-1");
  EXPECT_EQ(Who("10.244.0.5", 3, 41234).container, "");
  EXPECT_EQ(Who("10.244.0.5", 3, 41234).image, "app:1,proxy:1");
  EXPECT_EQ(Who("10.244.0.5", 3, 8080).container, "app");
  EXPECT_EQ(Who("10.244.0.5", 3, 8080).image, "app:1");
  EXPECT_EQ(Who("10.244.0.5", 3, 15001).container, "proxy");
  EXPECT_EQ(Who("10.244.0.5", 3, 9090).container, "");
}

TEST_F(EndpointsTest, CountsOnlyContainersThatAreAlive) {
  PutPod('1', "10.244.0.5", 11, {"init", "app"});
  directory_.End(SourceKind::kContainerd, Cid('1').substr(1) + 'a', At(3));
  EXPECT_EQ(Who("10.244.0.5", 2.5).container, "");
  EXPECT_EQ(Who("10.244.0.5", 4).container, "app");
  EXPECT_EQ(Who("10.244.0.5", 4).image, "app:1");
}

TEST_F(EndpointsTest, NamesAllContainersThatShareANamespaceWithoutAPod) {
  directory_.Put(SourceKind::kHost, Local("n1", 11, {Ip("172.17.0.2")}, 1, Cid('a')));
  Claim web = Docker(Cid('a'), "web", 1);
  web.netns = 11;
  web.ports = {80};
  Claim debug = Docker(Cid('b'), "debug", 2);
  debug.netns = 11;
  directory_.Put(SourceKind::kDocker, web);
  directory_.Put(SourceKind::kDocker, debug);
  EXPECT_EQ(Who("172.17.0.2", 1.5).container, "web");
  EXPECT_EQ(Who("172.17.0.2", 3).container, "web,debug");
  EXPECT_EQ(Who("172.17.0.2", 3, 80).container, "web");
  EXPECT_EQ(Who("172.17.0.2", 3).kind, EndpointKind::kContainer);
  EXPECT_EQ(Who("127.0.0.1", 3, 0, 11).container, "web,debug");
  directory_.End(SourceKind::kDocker, Cid('b'), At(4));
  EXPECT_EQ(Who("172.17.0.2", 5).container, "web");
}

TEST_F(EndpointsTest, TakesEachFieldFromTheSourceThatKnowsBest) {
  PutPod('1', "10.244.0.5", 11, {"app"});
  Claim pod = Pod(Uid('1'), "web-1", 1, {Ip("10.244.0.5")});
  pod.identity.workload = "storefront";
  pod.identity.node = "worker-7";
  pod.identity.labels = {"tier=1", "app=web"};
  directory_.Put(SourceKind::kKubernetes, pod);
  const model::Identity who = Who("10.244.0.5", 3);
  EXPECT_EQ(who.workload, "storefront");
  EXPECT_EQ(who.node, "worker-7");
  EXPECT_EQ(who.container, "app");
  EXPECT_EQ(who.labels, std::vector<std::string>{"app=web"});
}

TEST_F(EndpointsTest, WaitsForTheSourceThatNamesPods) {
  directory_.SetActive(SourceKind::kKubernetes, true);
  directory_.Put(SourceKind::kHost, Local("n1", 11, {Ip("10.244.0.5")}, 1, {}, Uid('1')));
  EXPECT_FALSE(Ask("10.244.0.5", 1.5, 2).settled);
  directory_.Put(SourceKind::kKubernetes, Pod(Uid('1'), "web-1", 1));
  EXPECT_TRUE(Ask("10.244.0.5", 1.5, 2).settled);
  EXPECT_EQ(Who("10.244.0.5", 1.5).pod, "web-1");
}

TEST_F(EndpointsTest, AnswersForThoseInsideANamespace) {
  PutPod('1', "10.244.0.5", 11, {"app"});
  EXPECT_EQ(Who("127.0.0.1", 3, 8080, 11).pod, "web-1");
  EXPECT_EQ(Who("::1", 3, 8080, 11).pod, "web-1");
  EXPECT_EQ(Who("0.0.0.0", 3, 68, 11).pod, "web-1");
  EXPECT_EQ(Who("127.0.0.1", 3).kind, EndpointKind::kHost);
  const model::Identity other = Who("127.0.0.1", 3, 0, 99);
  EXPECT_EQ(other.kind, EndpointKind::kNetns);
  EXPECT_EQ(other.name, "net:[99]");
  // The same address in two namespaces that don't know each other.
  directory_.Put(SourceKind::kHost, Local("x", 21, {Ip("192.168.7.2")}, 1, Cid('x')));
  directory_.Put(SourceKind::kHost, Local("y", 22, {Ip("192.168.7.2")}, 2, Cid('y')));
  EXPECT_EQ(Who("192.168.7.2", 3, 0, 21).container, "xxxxxxxxxxxx");
  EXPECT_EQ(Who("192.168.7.2", 3, 0, 22).container, "yyyyyyyyyyyy");
}

TEST_F(EndpointsTest, KnowsTheMachineAndWhoUsesItsNetwork) {
  directory_.SetHostAddresses({Ip("192.168.1.10"), Ip("172.17.0.1")});
  EXPECT_EQ(Who("192.168.1.10", 1).kind, EndpointKind::kHost);
  EXPECT_EQ(Who("192.168.1.10", 1).name, "node-1");
  EXPECT_TRUE(directory_.IsHostAddress(Ip("172.17.0.1")));
  EXPECT_TRUE(directory_.IsHostAddress(Ip("127.0.0.53")));
  EXPECT_FALSE(directory_.IsHostAddress(Ip("172.17.0.2")));

  Claim agent = Docker(Cid('a'), "agent", 1);
  agent.host_network = true;
  agent.ports = {9100};
  directory_.Put(SourceKind::kDocker, agent);
  EXPECT_EQ(Who("192.168.1.10", 2, 9100).container, "agent");
  EXPECT_EQ(Who("127.0.0.1", 2, 9100).container, "agent");
  EXPECT_EQ(Who("192.168.1.10", 2, 9101).kind, EndpointKind::kHost);
  EXPECT_EQ(Who("192.168.1.11", 2, 9100).kind, EndpointKind::kUnknown);
  directory_.End(SourceKind::kDocker, Cid('a'), At(3));
  EXPECT_EQ(Who("192.168.1.10", 4, 9100).kind, EndpointKind::kHost);
}

TEST_F(EndpointsTest, BelievesInSocketsMoreThanInDeclaredPorts) {
  directory_.SetHostAddresses({Ip("192.168.1.10")});
  Claim declared = Docker(Cid('a'), "declares", 2);
  declared.host_network = true;
  declared.ports = {80};
  directory_.Put(SourceKind::kDocker, declared);
  directory_.Put(SourceKind::kDocker, Docker(Cid('b'), "listens", 1));
  Claim seen = Local("host-network b", 0, {}, 1, Cid('b'));
  seen.host_network = true;
  seen.ports = {80};
  directory_.Put(SourceKind::kHost, seen);
  EXPECT_EQ(Who("192.168.1.10", 3, 80).container, "listens");
}

TEST_F(EndpointsTest, KnowsTheClustersNodes) {
  directory_.SetHostAddresses({Ip("192.168.1.10")});
  Claim own;
  own.id = "node worker-1";
  own.identity.kind = EndpointKind::kHost;
  own.identity.node = "worker-1";
  own.identity.labels = {"app=x", "zone=a"};
  own.addresses = {Ip("192.168.1.10"), Ip("203.0.113.1")};
  directory_.Put(SourceKind::kKubernetes, own);
  Claim other = own;
  other.id = "node worker-2";
  other.identity.kind = EndpointKind::kNode;
  other.identity.node = "worker-2";
  other.addresses = {Ip("192.168.1.11")};
  directory_.Put(SourceKind::kKubernetes, other);
  EXPECT_EQ(Who("192.168.1.10", 1).kind, EndpointKind::kHost);
  EXPECT_EQ(Who("192.168.1.10", 1).node, "worker-1");
  EXPECT_EQ(Who("203.0.113.1", 1).kind, EndpointKind::kHost);
  EXPECT_EQ(Who("192.168.1.11", 1).kind, EndpointKind::kNode);
  EXPECT_EQ(Who("192.168.1.11", 1).node, "worker-2");

  Claim proxy = Pod(Uid('3'), "proxy-3", 1, {Ip("192.168.1.11")});
  proxy.host_network = true;
  proxy.ports = {10250};
  proxy.identity.node = "worker-2";
  directory_.Put(SourceKind::kKubernetes, proxy);
  EXPECT_EQ(Who("192.168.1.11", 2, 10250).pod, "proxy-3");
  EXPECT_EQ(Who("192.168.1.10", 2, 10250).kind, EndpointKind::kHost);

  PutPod('1', "10.244.0.5", 11, {"app"});
  EXPECT_EQ(Who("10.244.0.5", 3).node, "worker-1");
  EXPECT_FALSE(directory_.IsElsewhere(Who("10.244.0.5", 3)));
  EXPECT_TRUE(directory_.IsElsewhere(Who("192.168.1.11", 2)));
  EXPECT_FALSE(directory_.IsElsewhere({}));
}

TEST_F(EndpointsTest, ListsEachWorkloadOnce) {
  directory_.SetHostAddresses({Ip("192.168.1.10")});
  PutPod('1', "10.244.0.5", 11, {"app", "proxy"});
  directory_.Put(SourceKind::kKubernetes, Pod(Uid('1'), "web-1", 1, {Ip("10.244.0.5"), Ip("fd00::5")}));
  directory_.Put(SourceKind::kDocker, Docker(Cid('d'), "dead", 1, {Ip("172.17.0.2")}));
  directory_.End(SourceKind::kDocker, Cid('d'), At(2));
  const auto now = directory_.Endpoints(false);
  ASSERT_EQ(now.size(), 2u);
  EXPECT_EQ(now[0].identity.kind, EndpointKind::kHost);
  EXPECT_EQ(now[1].identity.pod, "web-1");
  EXPECT_EQ(now[1].addresses, (std::vector{Ip("10.244.0.5"), Ip("fd00::5")}));
  EXPECT_EQ(now[1].netns, 11u);
  EXPECT_EQ(now[1].interface, "veth11");
  EXPECT_EQ(now[1].pod_uid, Uid('1'));
  EXPECT_EQ(now[1].sources, (std::vector{SourceKind::kHost, SourceKind::kContainerd, SourceKind::kKubernetes}));
  EXPECT_EQ(now[1].since, At(1));
  const auto all = directory_.Endpoints(true);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].identity.container, "dead");
  EXPECT_EQ(all[0].until, At(2));
}

}  // namespace
}  // namespace quaywatch::enrich
