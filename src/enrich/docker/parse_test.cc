// SPDX-License-Identifier: Apache-2.0
#include "enrich/docker/parse.h"

#include <gtest/gtest.h>

#include <string>

#include "enrich/docker/identity.h"
#include "enrich/docker/lines.h"

namespace quaywatch::enrich::docker {
namespace {

const std::string kId(64, 'a');
const std::string kNetworkId(64, 'c');

std::string Address(const std::vector<model::IpAddress>& addresses, size_t index) {
  return index < addresses.size() ? addresses[index].ToString() : "none";
}

TEST(DockerParse, Version) {
  const auto version = ParseVersion(R"({"Version":"20.10.24","ApiVersion":"1.41","MinAPIVersion":"1.12"})");
  ASSERT_TRUE(version);
  EXPECT_EQ(version->engine, "20.10.24");
  EXPECT_EQ(version->newest, (ApiVersion{1, 41}));
  EXPECT_EQ(version->oldest, (ApiVersion{1, 12}));
  EXPECT_FALSE(ParseVersion(R"({"ApiVersion":"new"})"));
  EXPECT_FALSE(ParseVersion("<html>"));
  EXPECT_LT((ApiVersion{1, 9}), (ApiVersion{1, 24}));
  for (const char* bad : {"", "1", "1.", ".1", "1.x", "1.2.3", "-1.2"}) EXPECT_FALSE(ParseApiVersion(bad)) << bad;
}

TEST(DockerParse, CreateHasNameImageAndLabelsOnly) {
  const auto event = ParseEvent(R"({"status":"create","Type":"container","Action":"create","Actor":{"ID":")" + kId +
                                R"(","Attributes":{"app":"shop","image":"shop:1","name":"web","exitCode":"0"}},)" +
                                R"("time":1795388070,"timeNano":1795388070151126481})");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind, Event::Kind::kCreate);
  EXPECT_EQ(event->container, kId);
  EXPECT_EQ(event->facts.name, "web");
  EXPECT_EQ(event->facts.image, "shop:1");
  ASSERT_EQ(event->facts.labels.size(), 1u);
  EXPECT_EQ(event->facts.labels[0], (std::pair<std::string, std::string>("app", "shop")));
  EXPECT_EQ(base::ToUnixNanos(event->at), 1795388070151126481);
}

TEST(DockerParse, ConnectOfDockerNamesBothAndOfPodmanTheContainer) {
  const auto docker =
      ParseEvent(R"({"Type":"network","Action":"connect","Actor":{"ID":")" + kNetworkId +
                 R"(","Attributes":{"container":")" + kId + R"(","name":"host","type":"host"}},"time":5})");
  ASSERT_TRUE(docker);
  EXPECT_EQ(docker->container, kId);
  EXPECT_EQ(docker->network, kNetworkId);
  EXPECT_TRUE(docker->host_network);
  EXPECT_EQ(base::ToUnixNanos(docker->at), 5'000'000'000);
  EXPECT_TRUE(docker->facts.name.empty());

  const auto podman = ParseEvent(R"({"Type":"network","Action":"connect","Actor":{"ID":")" + kId +
                                 R"(","Attributes":{"name":"web"}},"timeNano":5})");
  ASSERT_TRUE(podman);
  EXPECT_EQ(podman->container, kId);
  EXPECT_EQ(podman->network, "");
}

TEST(DockerParse, EventsThatSayNothing) {
  EXPECT_EQ(ParseEvent(R"({"Type":"container","Action":"exec_start: sh"})")->kind, Event::Kind::kOther);
  EXPECT_EQ(ParseEvent("{}")->kind, Event::Kind::kOther);
  for (const std::string bad : {R"(null)", R"([])", R"({"Type":"container","Action":"start"})", R"({"Type":)",
                                R"({"Type":"container","Action":"start","Actor":{"ID":"../../x"},"timeNano":5})",
                                R"({"Type":"container","Action":"start","Actor":{"ID":7},"timeNano":5})"}) {
    EXPECT_FALSE(ParseEvent(bad)) << bad;
  }
  EXPECT_FALSE(ParseEvent(R"({"Type":"container","Action":"start","Actor":{"ID":")" + kId + R"("}})")) << "no time";
}

TEST(DockerParse, Container) {
  const auto container = ParseContainer(R"({"Id":")" + kId + R"(","Name":"/web",
    "State":{"Running":true,"Pid":4711,"StartedAt":"2026-11-22T22:54:33.254771083Z","FinishedAt":"0001-01-01T00:00:00Z"},
    "HostConfig":{"NetworkMode":"default"},
    "Config":{"Image":"shop:1","Labels":{"b":"2","a":"1"},"ExposedPorts":{"80/tcp":{},"53/udp":{},"53/tcp":{}}},
    "NetworkSettings":{"SandboxKey":"/run/docker/netns/1","Networks":{
      "bridge":{"NetworkID":")" + kNetworkId +
                                        R"(","IPAddress":"172.17.0.2","GlobalIPv6Address":"fd00::2"},
      "n1":{"NetworkID":"","IPAddress":"10.0.0.9"},"none":{"IPAddress":""}}}})");
  ASSERT_TRUE(container);
  EXPECT_TRUE(container->running);
  EXPECT_EQ(container->facts.name, "web");
  EXPECT_EQ(container->facts.image, "shop:1");
  ASSERT_EQ(container->facts.labels.size(), 2u);
  EXPECT_EQ(container->facts.labels[0].first, "a");
  EXPECT_EQ(container->pid, 4711);
  EXPECT_EQ(base::ToUnixNanos(container->started), 1795388073254771083);
  EXPECT_EQ(container->finished, base::Timestamp{});
  EXPECT_EQ(container->exposed_ports, (std::vector<uint16_t>{53, 80}));
  EXPECT_EQ(container->sandbox_key, "/run/docker/netns/1");
  ASSERT_EQ(container->attachments.size(), 2u);
  EXPECT_EQ(container->attachments[0].network, kNetworkId);
  EXPECT_EQ(Address(container->attachments[0].addresses, 0), "172.17.0.2");
  EXPECT_EQ(Address(container->attachments[0].addresses, 1), "fd00::2");
  EXPECT_EQ(container->attachments[1].network, "n1");
}

TEST(DockerParse, SharedAndHostNetworksGiveNoAddresses) {
  const std::string end = R"("},"NetworkSettings":{"Networks":{"n":{"IPAddress":"10.0.0.9"}}}})";
  const auto shared =
      ParseContainer(R"({"Id":")" + kId + R"(","HostConfig":{"NetworkMode":"container:)" + kNetworkId + end);
  ASSERT_TRUE(shared);
  EXPECT_TRUE(shared->attachments.empty());
  const auto host = ParseContainer(R"({"Id":")" + kId + R"(","HostConfig":{"NetworkMode":"host"}})");
  ASSERT_TRUE(host);
  EXPECT_TRUE(host->host_network);
}

TEST(DockerParse, ObjectsWithoutFields) {
  const auto bare = ParseContainer(R"({"Id":")" + kId + R"("})");
  ASSERT_TRUE(bare);
  EXPECT_FALSE(bare->running);
  const auto wrong = ParseContainer(R"({"Id":")" + kId + R"(","Name":1,"State":[],"Config":"x","NetworkSettings":
    {"Networks":{"a":null,"b":{"IPAddress":"not one"}}}})");
  ASSERT_TRUE(wrong);
  EXPECT_TRUE(wrong->attachments.empty());
  EXPECT_FALSE(ParseContainer("{}"));
  EXPECT_FALSE(ParseContainer(R"({"Id":"short"})"));
}

TEST(DockerParse, ListSkipsWhatMakesNoSense) {
  const auto list = ParseContainerList(R"([{"Id":")" + kId + R"(","Names":["/other/alias","/web"],"Image":"shop:1",
    "State":"paused","Created":1795388070,"Labels":{"a":"1"},
    "NetworkSettings":{"Networks":{"b":{"NetworkID":"n","IPAddress":"10.0.0.9"}}}},{},null,7])");
  ASSERT_TRUE(list);
  EXPECT_EQ(list->skipped, 3u);
  ASSERT_EQ(list->containers.size(), 1u);
  EXPECT_EQ(list->containers[0].facts.name, "web");
  EXPECT_TRUE(list->containers[0].running);
  EXPECT_EQ(base::ToUnixNanos(list->containers[0].created), 1795388070'000'000'000);
  ASSERT_EQ(list->containers[0].attachments.size(), 1u);
  EXPECT_FALSE(ParseContainerList("{}"));
}

TEST(DockerParse, NetworkMembers) {
  const auto network = ParseNetwork(R"({"Containers":{")" + kId + R"(":{"IPv4Address":"172.18.0.2/16",
    "IPv6Address":"fd00:1::2/64"},"lb-ingress":{"IPv4Address":"10.0.0.1/8"},")" +
                                    kNetworkId + R"(":null}})");
  ASSERT_TRUE(network);
  ASSERT_EQ(network->members.size(), 1u);
  EXPECT_EQ(Address(network->members[0].addresses, 0), "172.18.0.2");
  EXPECT_EQ(Address(network->members[0].addresses, 1), "fd00:1::2");
  EXPECT_FALSE(ParseNetwork("[]"));
}

TEST(DockerParse, Times) {
  EXPECT_EQ(base::ToUnixNanos(ParseTime("1970-01-01T00:00:01.5Z")), 1'500'000'000);
  EXPECT_EQ(base::ToUnixNanos(ParseTime("1970-01-01T01:00:01+01:00")), 1'000'000'000);
  EXPECT_EQ(base::ToUnixNanos(ParseTime("1970-01-01T00:00:01.123456789123Z")), 1'123'456'789);
  for (const char* bad : {"", "0001-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01T00:00:00",
                          "2026-01-01T25:00:00Z", "2026-01-01T00:00:00+1", "yyyy-mm-ddThh:mm:ssZ"}) {
    EXPECT_EQ(ParseTime(bad), base::Timestamp{}) << bad;
  }
}

TEST(DockerLines, CutAnywhereTheSame) {
  const std::string text = "one\n\n  \r\ntwo\nthree\nunfinished";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    Lines lines;
    std::vector<std::string> got;
    const auto take = [&](std::string_view line) { got.emplace_back(line); };
    lines.Add(text.substr(0, cut), take);
    lines.Add(text.substr(cut), take);
    EXPECT_EQ(got, (std::vector<std::string>{"one", "two", "three"})) << cut;
  }
}

TEST(DockerLines, TooLongIsLeftOut) {
  Lines lines;
  std::vector<std::string> got;
  const auto take = [&](std::string_view line) { got.emplace_back(line); };
  const std::string megabyte(1 << 20, 'x');
  for (int i = 0; i < 5; ++i) lines.Add(megabyte, take);
  lines.Add("\nnext\n", take);
  EXPECT_EQ(got, std::vector<std::string>{"next"});
  EXPECT_EQ(lines.skipped(), 1u);
}

TEST(DockerIdentity, ByItsLabels) {
  Facts facts{"shop-web-1", "shop:1", {{"com.docker.compose.project", "shop"}, {"com.docker.compose.service", "web"}}};
  const auto compose = Describe(kId, facts).identity;
  EXPECT_EQ(compose.kind, model::EndpointKind::kContainer);
  EXPECT_EQ(compose.container, "shop-web-1");
  EXPECT_EQ(compose.space, "shop");
  EXPECT_EQ(compose.workload, "web");
  EXPECT_EQ(compose.workload_kind, "ComposeService");
  EXPECT_EQ(compose.image, "shop:1");
  EXPECT_EQ(compose.labels.size(), 2u);

  facts.labels = {{"com.docker.stack.namespace", "shop"}, {"com.docker.swarm.service.name", "shop_web"}};
  EXPECT_EQ(Describe(kId, facts).identity.workload_kind, "SwarmService");
  EXPECT_EQ(Describe(kId, facts).identity.workload, "shop_web");

  facts.labels = {{"io.kubernetes.container.name", "app"},
                  {"io.kubernetes.pod.name", "web-0"},
                  {"io.kubernetes.pod.namespace", "shop"},
                  {"io.kubernetes.pod.uid", "uid"}};
  const auto pod = Describe(kId, facts);
  EXPECT_EQ(pod.identity.kind, model::EndpointKind::kPod);
  EXPECT_EQ(pod.identity.pod, "web-0");
  EXPECT_EQ(pod.identity.space, "shop");
  EXPECT_EQ(pod.identity.container, "app");
  EXPECT_EQ(pod.pod_uid, "uid");
  facts.labels[0].second = "POD";
  EXPECT_EQ(Describe(kId, facts).identity.container, "");

  EXPECT_EQ(Describe(kId, Facts{}).identity.container, "aaaaaaaaaaaa");
}

}  // namespace
}  // namespace quaywatch::enrich::docker
