// SPDX-License-Identifier: Apache-2.0
#include "enrich/kubernetes/cluster.h"

#include <gtest/gtest.h>

namespace quaywatch::enrich::kubernetes {
namespace {

using model::EndpointKind;
using model::IpAddress;
using std::chrono::seconds;

IpAddress Ip(std::string_view text) { return IpAddress::Parse(text).value(); }
base::Timestamp At(int second) { return base::Timestamp(std::chrono::hours(400'000) + seconds(second)); }

class ClusterTest : public testing::Test {
 protected:
  Pod MakePod(const std::string& name, const std::string& address, int since) {
    Pod pod;
    pod.uid = "uid-" + name;
    pod.space = "shop";
    pod.name = name;
    pod.node = "n1";
    pod.containers = {{"main", "img:1", "id-" + name, {80}}};
    if (!address.empty()) pod.addresses = {Ip(address)};
    pod.since = At(since);
    return pod;
  }

  void Put(Pod pod, int now) {
    now_ = At(now);
    cluster_.Put(Kind::kPods, std::move(pod), now_);
    cluster_.Flush();
  }
  void Remove(const Pod& pod, int now) {
    now_ = At(now);
    cluster_.Remove(Kind::kPods, pod, now_);
    cluster_.Flush();
  }

  model::Identity Holder(const std::string& address, base::Timestamp at, uint16_t port = 80) {
    const auto answer =
        directory_.HolderOf({.address = Ip(address), .port = port}, Ip("10.9.9.9"), at, at + seconds(100));
    return answer.identity ? *answer.identity : model::Identity{};
  }
  std::string PodAt(const std::string& address, base::Timestamp at) { return Holder(address, at).pod; }

  base::Timestamp now_ = At(0);
  Directory directory_{DirectoryOptions{.labels = {"*"}, .node = "n1", .clock = [this] { return now_; }}};
  Cluster cluster_{directory_};
};

TEST_F(ClusterTest, PodIsNamed) {
  auto pod = MakePod("web-1", "10.1.0.5", 10);
  pod.labels = {"app=web"};
  pod.owner = {"StatefulSet", "web", "o1"};
  Put(pod, 11);
  const auto identity = Holder("10.1.0.5", At(12));
  EXPECT_EQ(identity.kind, EndpointKind::kPod);
  EXPECT_EQ(identity.space, "shop");
  EXPECT_EQ(identity.pod, "web-1");
  EXPECT_EQ(identity.container, "main");
  EXPECT_EQ(identity.workload, "web");
  EXPECT_EQ(identity.workload_kind, "StatefulSet");
  EXPECT_EQ(identity.node, "n1");
  EXPECT_EQ(identity.image, "img:1");
  EXPECT_EQ(identity.labels, std::vector<std::string>{"app=web"});
}

TEST_F(ClusterTest, WorkloadIsAtTheEndOfTheChain) {
  auto pod = MakePod("web-6f7d-x", "10.1.0.5", 10);
  pod.owner = {"ReplicaSet", "web-6f7d", "rs"};
  Put(pod, 11);
  EXPECT_EQ(Holder("10.1.0.5", At(12)).workload, "web-6f7d");
  cluster_.Put(Kind::kReplicaSets, Owned{"rs", {"Deployment", "web", "d"}}, At(12));
  cluster_.Flush();
  EXPECT_EQ(Holder("10.1.0.5", At(12)).workload, "web");
  EXPECT_EQ(Holder("10.1.0.5", At(12)).workload_kind, "Deployment");
  // It is deleted before its pods are.
  cluster_.Remove(Kind::kReplicaSets, Owned{"rs", {}}, At(13));
  pod.labels = {"new=label"};
  Put(pod, 14);
  EXPECT_EQ(Holder("10.1.0.5", At(14)).workload, "web");
}

TEST_F(ClusterTest, DeploymentFollowsFromTheHashWhereReplicaSetsAreNotTold) {
  auto pod = MakePod("web-6f7d-x", "10.1.0.5", 10);
  pod.owner = {"ReplicaSet", "my-web-6f7d", "rs"};
  pod.template_hash = "6f7d";
  Put(pod, 11);
  EXPECT_EQ(Holder("10.1.0.5", At(12)).workload, "my-web");
  EXPECT_EQ(Holder("10.1.0.5", At(12)).workload_kind, "Deployment");
}

TEST_F(ClusterTest, CronJobOfAJobAndPodsOfNobody) {
  cluster_.Put(Kind::kJobs, Owned{"job", {"CronJob", "nightly", "c"}}, At(9));
  auto pod = MakePod("nightly-27-x", "10.1.0.5", 10);
  pod.owner = {"Job", "nightly-27", "job"};
  Put(pod, 11);
  EXPECT_EQ(Holder("10.1.0.5", At(12)).workload, "nightly");
  EXPECT_EQ(Holder("10.1.0.5", At(12)).workload_kind, "CronJob");
  auto fixed = MakePod("etcd-n1", "10.1.0.6", 10);
  fixed.owner = {"Node", "n1", "n"};
  Put(fixed, 11);
  EXPECT_EQ(Holder("10.1.0.6", At(12)).workload, "etcd-n1");
  EXPECT_EQ(Holder("10.1.0.6", At(12)).workload_kind, "Pod");
}

TEST_F(ClusterTest, AddressGoesOverToAnotherPod) {
  const auto first = MakePod("first", "10.1.0.5", 10);
  Put(first, 11);
  Remove(first, 20);
  Put(MakePod("second", "10.1.0.5", 19), 21);  // the API's times are whole seconds
  EXPECT_EQ(PodAt("10.1.0.5", At(15)), "first");
  EXPECT_EQ(PodAt("10.1.0.5", At(20) - std::chrono::milliseconds(1)), "first");
  EXPECT_EQ(PodAt("10.1.0.5", At(21)), "second");
}

TEST_F(ClusterTest, EndOfAPodIsThatOfItsContainers) {
  auto pod = MakePod("job", "10.1.0.5", 10);
  Put(pod, 11);
  pod.over = true;
  pod.until = At(15);
  Put(pod, 30);
  EXPECT_EQ(PodAt("10.1.0.5", At(14)), "job");
  EXPECT_EQ(PodAt("10.1.0.5", At(16)), "");
  Remove(pod, 40);
  EXPECT_EQ(PodAt("10.1.0.5", At(16)), "");
}

TEST_F(ClusterTest, PodThatShowsItsAddressOnlyAtItsEndIsNamed) {
  Put(MakePod("brief", "", 10), 10);
  auto pod = MakePod("brief", "10.1.0.5", 10);
  pod.over = true;
  pod.until = At(11);
  Put(pod, 12);
  EXPECT_EQ(PodAt("10.1.0.5", At(10)), "brief");
  EXPECT_EQ(PodAt("10.1.0.5", At(12)), "");
}

TEST_F(ClusterTest, PodThatEndedLongAgoIsNobody) {
  auto pod = MakePod("old", "10.1.0.5", 10);
  pod.over = true;
  pod.until = At(11);
  Put(pod, 5000);
  EXPECT_TRUE(directory_.Endpoints(true).empty());
}

TEST_F(ClusterTest, RestartsDoNotMoveTheBeginning) {
  auto pod = MakePod("web", "10.1.0.5", 10);
  Put(pod, 11);
  pod.since = At(50);
  pod.containers[0].id = "other";
  Put(pod, 51);
  EXPECT_EQ(PodAt("10.1.0.5", At(12)), "web");
}

TEST_F(ClusterTest, WhatAListLacksIsGone) {
  Put(MakePod("a", "10.1.0.5", 10), 11);
  Put(MakePod("b", "10.1.0.6", 10), 11);
  now_ = At(20);
  cluster_.Replace(Kind::kPods, {MakePod("b", "10.1.0.6", 10), MakePod("c", "10.1.0.5", 20)}, now_);
  EXPECT_EQ(PodAt("10.1.0.5", At(15)), "a");
  EXPECT_EQ(PodAt("10.1.0.5", At(21)), "c");
  EXPECT_EQ(PodAt("10.1.0.6", At(15)), "b");
  EXPECT_EQ(PodAt("10.1.0.6", At(21)), "b");
}

TEST_F(ClusterTest, ServiceHasThePodsOfAllItsSlices) {
  Put(MakePod("a", "10.1.0.5", 10), 11);
  Put(MakePod("b", "10.1.0.6", 10), 11);
  Service service;
  service.space = "shop";
  service.name = "web";
  service.addresses = {Ip("10.0.0.9")};
  service.ports = {{80, 30080, model::Transport::kTcp}};
  // The slice may be told before its service.
  cluster_.Put(Kind::kSlices, Slice{"shop", "web-1", "web", {{Ip("10.1.0.5"), "uid-a"}}}, At(12));
  cluster_.Flush();
  cluster_.Put(Kind::kServices, service, At(12));
  cluster_.Put(Kind::kSlices, Slice{"shop", "web-2", "web", {{Ip("10.1.0.6"), "uid-b"}}}, At(12));
  cluster_.Flush();
  const model::Endpoint vip{.address = Ip("10.0.0.9"), .port = 80, .transport = model::Transport::kTcp};
  EXPECT_EQ(directory_.ServiceAt(vip, At(13)), "shop/web");
  EXPECT_EQ(Holder("10.1.0.5", At(13)).service, "web");
  EXPECT_EQ(Holder("10.1.0.6", At(13)).service, "web");
  cluster_.Remove(Kind::kSlices, Slice{"shop", "web-1", "", {}}, At(14));
  cluster_.Flush();
  EXPECT_EQ(Holder("10.1.0.5", At(15)).service, "");
  cluster_.Remove(Kind::kServices, service, At(16));
  cluster_.Flush();
  EXPECT_EQ(directory_.ServiceAt(vip, At(17)), "");
}

TEST_F(ClusterTest, NodesAreNamedAndOneIsOurs) {
  cluster_.Put(Kind::kNodes, Node{"n1", {}, {Ip("192.168.0.1")}, At(1)}, At(2));
  cluster_.Put(Kind::kNodes, Node{"n2", {}, {Ip("192.168.0.2")}, At(1)}, At(2));
  const auto node = cluster_.NodeWith([](const IpAddress& address) { return address == Ip("192.168.0.1"); });
  EXPECT_EQ(node, "n1");
  cluster_.SetOwnNode(node);
  EXPECT_EQ(Holder("192.168.0.2", At(5)).kind, EndpointKind::kNode);
  EXPECT_EQ(Holder("192.168.0.2", At(5)).node, "n2");
  EXPECT_EQ(Holder("192.168.0.1", At(5)).kind, EndpointKind::kHost);
}

TEST_F(ClusterTest, PodsWithTheHostsNetworkAreToldByTheirPorts) {
  cluster_.Put(Kind::kNodes, Node{"n2", {}, {Ip("192.168.0.2")}, At(1)}, At(2));
  auto pod = MakePod("exporter", "192.168.0.2", 10);
  pod.node = "n2";
  pod.host_network = true;
  pod.containers[0].ports = {9100};
  Put(pod, 11);
  EXPECT_EQ(Holder("192.168.0.2", At(12), 9100).pod, "exporter");
  EXPECT_EQ(Holder("192.168.0.2", At(12), 22).kind, EndpointKind::kNode);
}

TEST_F(ClusterTest, ContainersAreClaimedOnThisNodeOnly) {
  cluster_.SetOwnNode("n1");
  auto here = MakePod("here", "10.1.0.5", 10);
  Put(here, 11);
  auto there = MakePod("there", "10.2.0.5", 10);
  there.node = "n2";
  Put(there, 11);
  EXPECT_EQ(directory_.counters().claims, 3U);
  // A container is replaced by another.
  here.containers[0].id = "id-again";
  Put(here, 12);
  EXPECT_EQ(directory_.counters().claims, 4U);
  EXPECT_EQ(directory_.counters().ended, 1U);
}

}  // namespace
}  // namespace quaywatch::enrich::kubernetes
