// SPDX-License-Identifier: Apache-2.0
#include "enrich/kubernetes/objects.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "enrich/kubernetes/times.h"

namespace quaywatch::enrich::kubernetes {
namespace {

using model::IpAddress;

IpAddress Ip(std::string_view text) { return IpAddress::Parse(text).value(); }
base::Timestamp At(std::string_view text) { return ParseTime(text).value(); }

std::string Event(std::string_view object, std::string_view type = "ADDED") {
  return R"({"type":")" + std::string(type) + R"(","object":)" + std::string(object) + "}";
}

template <typename T>
T Read(Kind kind, std::string_view object) {
  const auto event = ParseEvent(kind, Event(object));
  EXPECT_TRUE(event && event->object);
  return event && event->object ? std::get<T>(*event->object) : T{};
}

constexpr std::string_view kPod = R"({
  "metadata": {"name": "web-6f7d-x2", "namespace": "shop", "uid": "0d1f", "resourceVersion": "77",
    "creationTimestamp": "2024-05-01T10:00:00Z",
    "labels": {"app": "web", "pod-template-hash": "6f7d"},
    "ownerReferences": [{"kind": "Thing", "name": "no", "uid": "9"},
                        {"kind": "ReplicaSet", "name": "web-6f7d", "uid": "7", "controller": true}]},
  "spec": {"nodeName": "n1",
    "containers": [{"name": "nginx", "image": "nginx:1", "ports": [{"containerPort": 8080}, {"containerPort": 99999}]},
                   {"name": "log", "image": "log:2"}],
    "initContainers": [{"name": "prepare", "image": "sh:3"}]},
  "status": {"phase": "Running", "podIP": "10.1.0.5", "podIPs": [{"ip": "10.1.0.5"}, {"ip": "fd00::5"}, {"ip": "x"}],
    "startTime": "2024-05-01T10:00:01Z",
    "initContainerStatuses": [{"name": "prepare", "containerID": "cri-o://aa", "state": {"terminated":
      {"startedAt": "2024-05-01T10:00:03Z", "finishedAt": "2024-05-01T10:00:04Z"}}}],
    "containerStatuses": [{"name": "nginx", "containerID": "containerd://bb", "restartCount": 0,
      "state": {"running": {"startedAt": "2024-05-01T10:00:05Z"}}}]}})";

TEST(Objects, PodHasItsNamesAddressesAndContainers) {
  const auto pod = Read<Pod>(Kind::kPods, kPod);
  EXPECT_EQ(pod.uid, "0d1f");
  EXPECT_EQ(pod.space, "shop");
  EXPECT_EQ(pod.name, "web-6f7d-x2");
  EXPECT_EQ(pod.node, "n1");
  EXPECT_EQ(pod.owner, (Owner{"ReplicaSet", "web-6f7d", "7"}));
  EXPECT_EQ(pod.template_hash, "6f7d");
  EXPECT_EQ(pod.labels, (std::vector<std::string>{"app=web", "pod-template-hash=6f7d"}));
  EXPECT_EQ(pod.addresses, (std::vector{Ip("10.1.0.5"), Ip("fd00::5")}));
  ASSERT_EQ(pod.containers.size(), 3U);
  EXPECT_EQ(pod.containers[0], (PodContainer{"nginx", "nginx:1", "bb", {8080}}));
  EXPECT_EQ(pod.containers[1], (PodContainer{"log", "log:2", "", {}}));
  EXPECT_EQ(pod.containers[2], (PodContainer{"prepare", "sh:3", "aa", {}}));
  EXPECT_FALSE(pod.over);
  EXPECT_FALSE(pod.host_network);
}

TEST(Objects, PodHoldsItsAddressesFromItsFirstContainer) {
  EXPECT_EQ(Read<Pod>(Kind::kPods, kPod).since, At("2024-05-01T10:00:03Z"));
}

TEST(Objects, PodSaysItselfSinceWhenItHasItsNetwork) {
  const auto pod = Read<Pod>(Kind::kPods, R"({"metadata": {"name": "a", "uid": "u"}, "status": {
      "startTime": "2024-05-01T10:00:01Z", "conditions": [
      {"type": "Ready", "status": "True", "lastTransitionTime": "2024-05-01T10:00:09Z"},
      {"type": "PodReadyToStartContainers", "status": "True", "lastTransitionTime": "2024-05-01T10:00:02Z"}]}})");
  EXPECT_EQ(pod.since, At("2024-05-01T10:00:02Z"));
}

TEST(Objects, RestartsHideWhenAContainerFirstBegan) {
  const auto pod = Read<Pod>(Kind::kPods, R"({"metadata": {"name": "a", "uid": "u"}, "status": {
      "startTime": "2024-05-01T10:00:01Z", "containerStatuses": [
      {"name": "c", "restartCount": 3, "state": {"running": {"startedAt": "2024-05-01T11:00:00Z"}}}]}})");
  EXPECT_EQ(pod.since, At("2024-05-01T10:00:01Z"));
}

TEST(Objects, PodIsOverWhenItsContainersEnded) {
  const auto done = Read<Pod>(Kind::kPods, R"({"metadata": {"name": "a", "uid": "u"}, "status": {"phase": "Succeeded",
      "containerStatuses": [{"name": "c", "state": {"terminated": {"finishedAt": "2024-05-01T11:00:00Z"}}}]}})");
  EXPECT_TRUE(done.over);
  EXPECT_EQ(done.until, At("2024-05-01T11:00:00.999999999Z"));
  const auto evicted =
      Read<Pod>(Kind::kPods, R"({"metadata": {"name": "a", "uid": "u"}, "status": {"phase": "Failed"}})");
  EXPECT_TRUE(evicted.over);
  EXPECT_EQ(evicted.until, base::Timestamp::max());
  const auto stopping = Read<Pod>(Kind::kPods, R"({"metadata": {"name": "a", "uid": "u",
      "deletionTimestamp": "2024-05-01T11:00:00Z"}, "status": {"phase": "Running",
      "containerStatuses": [{"name": "c", "state": {"running": {}}}]}})");
  EXPECT_FALSE(stopping.over);
}

TEST(Objects, ServiceHasAllItsAddresses) {
  const auto service = Read<Service>(Kind::kServices, R"({"metadata": {"name": "web", "namespace": "shop"},
      "spec": {"clusterIP": "10.0.0.9", "clusterIPs": ["10.0.0.9", "fd00::9"], "externalIPs": ["192.0.2.1"],
        "ports": [{"port": 80, "nodePort": 30080}, {"port": 53, "protocol": "UDP"}, {"port": 9, "protocol": "SCTP"}]},
      "status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}, {"hostname": "lb.example"}]}}})");
  EXPECT_EQ(service.addresses, (std::vector{Ip("10.0.0.9"), Ip("fd00::9"), Ip("192.0.2.1"), Ip("203.0.113.7")}));
  ASSERT_EQ(service.ports.size(), 2U);
  EXPECT_EQ(service.ports[0].port, 80);
  EXPECT_EQ(service.ports[0].node_port, 30080);
  EXPECT_EQ(service.ports[1].transport, model::Transport::kUdp);
}

TEST(Objects, ServiceWithoutAddressOfItsOwnHasNone) {
  const auto service = Read<Service>(
      Kind::kServices, R"({"metadata": {"name": "db", "namespace": "shop"}, "spec": {"clusterIP": "None"}})");
  EXPECT_TRUE(service.addresses.empty());
}

TEST(Objects, SliceHasThoseThatAnswer) {
  const auto slice = Read<Slice>(Kind::kSlices, R"({"metadata": {"name": "web-1", "namespace": "shop",
      "labels": {"kubernetes.io/service-name": "web"}}, "endpoints": [
      {"addresses": ["10.1.0.5"], "targetRef": {"kind": "Pod", "uid": "0d1f"}},
      {"addresses": ["10.1.0.6"], "conditions": {"ready": false}},
      {"addresses": ["10.1.0.7"], "conditions": {"ready": false, "serving": true, "terminating": true}},
      {"addresses": ["10.1.0.8"], "conditions": {"ready": null}}]})");
  EXPECT_EQ(slice.service, "web");
  EXPECT_EQ(slice.endpoints,
            (std::vector<Service::Endpoint>{{Ip("10.1.0.5"), "0d1f"}, {Ip("10.1.0.7"), ""}, {Ip("10.1.0.8"), ""}}));
}

TEST(Objects, EndpointsAreASliceOfTheServiceOfTheirName) {
  const auto slice = Read<Slice>(Kind::kEndpoints, R"({"metadata": {"name": "web", "namespace": "shop"}, "subsets": [
      {"addresses": [{"ip": "10.1.0.5", "targetRef": {"kind": "Pod", "uid": "0d1f"}}],
       "notReadyAddresses": [{"ip": "10.1.0.6"}]}]})");
  EXPECT_EQ(slice.service, "web");
  EXPECT_EQ(slice.endpoints, (std::vector<Service::Endpoint>{{Ip("10.1.0.5"), "0d1f"}}));
}

TEST(Objects, NodeHoldsTheEndsOfThePodsNetworks) {
  const auto node = Read<Node>(Kind::kNodes, R"({"metadata": {"name": "n1", "annotations": {
      "projectcalico.org/IPv4VXLANTunnelAddr": "10.1.9.9", "io.cilium.network.ipv4-cilium-host": "nonsense"}},
      "spec": {"podCIDR": "10.1.2.0/24", "podCIDRs": ["10.1.2.0/24", "fd00:1::/64", 7, "x"]}})");
  EXPECT_EQ(node.addresses,
            (std::vector{Ip("10.1.2.0"), Ip("10.1.2.1"), Ip("fd00:1::"), Ip("fd00:1::1"), Ip("10.1.9.9")}));
}

TEST(Objects, PodHasTheAddressesOfFurtherInterfaces) {
  const auto with = [](std::string_view status) {
    return Read<Pod>(Kind::kPods, fmt::format(R"({{"metadata": {{"uid": "u", "name": "p", "annotations": {{
        "k8s.v1.cni.cncf.io/network-status": {}}}}}, "status": {{"podIP": "10.1.2.3"}}}})",
                                              status))
        .addresses;
  };
  EXPECT_EQ(with(R"("[{\"name\": \"a\", \"ips\": [\"10.1.2.3\"]}, {\"ips\": [\"192.168.7.7\", \"fd00::7\"]}]")"),
            (std::vector{Ip("10.1.2.3"), Ip("192.168.7.7"), Ip("fd00::7")}));
  for (const auto* garbage : {R"("")", R"("[")", R"("{}")", R"("[7, {\"ips\": 7}]")", "7", "null"}) {
    EXPECT_EQ(with(garbage), std::vector{Ip("10.1.2.3")}) << garbage;
  }
}

TEST(Objects, NodeHasInnerAndOuterAddresses) {
  const auto node = Read<Node>(Kind::kNodes, R"({"metadata": {"name": "n1"}, "status": {"addresses": [
      {"type": "Hostname", "address": "n1"}, {"type": "InternalIP", "address": "192.168.0.1"},
      {"type": "ExternalIP", "address": "203.0.113.1"}]}})");
  EXPECT_EQ(node.addresses, (std::vector{Ip("192.168.0.1"), Ip("203.0.113.1")}));
}

TEST(Objects, WithoutANameItIsNone) {
  for (const auto kind : {Kind::kPods, Kind::kServices, Kind::kSlices, Kind::kEndpoints, Kind::kNodes, Kind::kJobs}) {
    for (const auto* object : {"{}", "[]", "7", "null", R"({"metadata": {"name": 7, "uid": []}})"}) {
      const auto event = ParseEvent(kind, Event(object));
      ASSERT_TRUE(event) << object;
      EXPECT_FALSE(event->object) << object;
    }
  }
}

TEST(Objects, WrongFieldsAreAbsent) {
  const auto pod = Read<Pod>(Kind::kPods, R"({"metadata": {"name": "a", "uid": "u", "labels": [1], "ownerReferences":
      {"uid": 1}}, "spec": {"containers": "many", "nodeName": {}}, "status": {"podIPs": {"ip": "10.0.0.1"},
      "startTime": "yesterday", "containerStatuses": [1, null, {"state": 5}]}})");
  EXPECT_TRUE(pod.node.empty() && pod.labels.empty() && pod.containers.empty() && pod.addresses.empty());
  EXPECT_EQ(pod.since, base::Timestamp{});
}

TEST(Objects, TextsAndListsAreCut) {
  std::string containers;
  for (size_t i = 0; i < kMaxContainers + 10; ++i) containers += R"({"name": "c"},)";
  containers.pop_back();
  const auto pod = Read<Pod>(Kind::kPods, R"({"metadata": {"name": ")" + std::string(5000, 'x') +
                                              R"(", "uid": "u"}, "spec": {"containers": [)" + containers + "]}}");
  EXPECT_EQ(pod.name.size(), kMaxText);
  EXPECT_EQ(pod.containers.size(), kMaxContainers);
}

TEST(Objects, PageTellsWhereTheNextBegins) {
  const auto page = ParsePage(Kind::kNodes, R"({"metadata": {"resourceVersion": "12", "continue": "abc="},
      "items": [{"metadata": {"name": "n1"}}, {"metadata": {}}]})");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->resource_version, "12");
  EXPECT_EQ(page->next, "abc=");
  EXPECT_EQ(page->objects.size(), 1U);
  EXPECT_EQ(page->skipped, 1U);
  EXPECT_TRUE(ParsePage(Kind::kNodes, R"({"metadata": {"resourceVersion": "12"}, "items": null})"));
  for (const auto* garbage : {"", "<html>", "{}", R"({"items": []})", R"({"items": 5, "metadata": {}})", "[1"}) {
    EXPECT_FALSE(ParsePage(Kind::kNodes, garbage)) << garbage;
  }
}

TEST(Objects, EventsAreOfFourTypes) {
  EXPECT_EQ(ParseEvent(Kind::kPods, Event(kPod, "MODIFIED"))->type, WatchEvent::Type::kChanged);
  EXPECT_EQ(ParseEvent(Kind::kPods, Event(kPod, "DELETED"))->type, WatchEvent::Type::kDeleted);
  const auto bookmark = ParseEvent(Kind::kPods, Event(R"({"metadata": {"resourceVersion": "99"}})", "BOOKMARK"));
  EXPECT_EQ(bookmark->type, WatchEvent::Type::kBookmark);
  EXPECT_EQ(bookmark->resource_version, "99");
  const auto error = ParseEvent(Kind::kPods, Event(R"({"kind": "Status", "code": 410})", "ERROR"));
  EXPECT_EQ(error->type, WatchEvent::Type::kError);
  EXPECT_EQ(error->code, 410);
  for (const auto* garbage : {"", "{", "{}", R"({"type": "ADDED"})", R"({"type": "NEW", "object": {}})"}) {
    EXPECT_FALSE(ParseEvent(Kind::kPods, garbage)) << garbage;
  }
}

TEST(Times, AreReadToTheNanosecond) {
  EXPECT_EQ(base::ToUnixNanos(At("1970-01-02T00:00:01Z")), 86'401'000'000'000);
  EXPECT_EQ(At("2024-02-29T12:00:00.5Z") - At("2024-02-29T12:00:00Z"), std::chrono::milliseconds(500));
  for (const auto* wrong : {"", "2024-02-30T12:00:00Z", "2024-02-29T25:00:00Z", "2024-02-29T12:00:00+01:00",
                            "9999-01-01T00:00:00Z", "2024-2-9T12:00:00Z", "2024-02-29T12:00:00Zx"}) {
    EXPECT_FALSE(ParseTime(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace quaywatch::enrich::kubernetes
