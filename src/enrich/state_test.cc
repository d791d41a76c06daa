// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "enrich/directory.h"
#include "enrich/saved_state.h"
#include "enrich/state_time.h"

namespace quaywatch::enrich {
namespace {

using model::EndpointKind;
using model::IpAddress;
using testing::HasSubstr;

IpAddress Ip(std::string_view text) { return *IpAddress::Parse(text); }
base::Timestamp At(std::string_view text) { return *ParseTimeText(text); }

TEST(StateTimeTest, WritesAndReadsTheSame) {
  const base::Timestamp time = base::FromUnixNanos(1'700'000'000'123'456'789);
  EXPECT_EQ(TimeText(time), "2023-11-14T22:13:20.123456789Z");
  EXPECT_EQ(ParseTimeText("2023-11-14T22:13:20.123456789Z"), time);
  EXPECT_EQ(ParseTimeText("2024-02-29T00:00:00Z"), base::FromUnixNanos(1'709'164'800'000'000'000));
  EXPECT_EQ(ParseTimeText("1970-01-01T00:00:00.5Z"), base::FromUnixNanos(500'000'000));
  EXPECT_EQ(TimeText(base::Timestamp::min()), "1970-01-01T00:00:00Z");
}

TEST(StateTimeTest, RefusesWhatIsNoTime) {
  for (const char* text : {"", "yesterday", "2023-02-29T00:00:00Z", "2023-01-01T24:00:00Z", "2023-01-01T00:00:00",
                           "2023-01-01T00:00:00.Z", "2023-01-01T00:00:00.1234567890Z", "1969-12-31T23:59:59Z",
                           "2262-01-01T00:00:00Z", "2023-01-01T00:00:00Z ", "2023-1-1T00:00:00Z"}) {
    EXPECT_FALSE(ParseTimeText(text)) << text;
  }
}

// A directory with something of everything.
void Fill(Directory& directory) {
  Claim local;
  local.id = "n1";
  local.identity.kind = EndpointKind::kContainer;
  local.netns = 4026532001;
  local.addresses = {Ip("10.244.0.5"), Ip("fd00::5")};
  local.container_id = std::string(64, 'a');
  local.pod_uid = "11111111-2222-4333-8444-555555555555";
  local.interface = "veth\"1\"";
  local.since = At("2026-01-01T10:00:00Z");
  directory.Put(SourceKind::kHost, local);
  Claim pod;
  pod.id = pod.pod_uid = local.pod_uid;
  pod.identity.kind = EndpointKind::kPod;
  pod.identity.space = "shop";
  pod.identity.pod = "web-1";
  pod.identity.labels = {"app=web", "secret=x"};
  pod.since = At("2026-01-01T10:00:01Z");
  directory.Put(SourceKind::kKubernetes, pod);
  directory.End(SourceKind::kHost, "n1", At("2026-01-01T11:00:00Z"));
  Claim next = local;
  next.container_id = std::string(64, 'b');
  next.pod_uid.clear();
  next.since = At("2026-01-01T11:00:00.25Z");
  directory.Put(SourceKind::kHost, next);
  Claim agent;
  agent.id = agent.container_id = std::string(64, 'c');
  agent.identity.kind = EndpointKind::kContainer;
  agent.identity.container = "agent";
  agent.host_network = true;
  agent.ports = {9100};
  directory.Put(SourceKind::kDocker, agent);
  directory.PutService({.space = "shop",
                        .name = "web",
                        .addresses = {Ip("10.96.0.7")},
                        .ports = {{.port = 80, .node_port = 30080, .transport = model::Transport::kTcp}},
                        .endpoints = {{Ip("10.244.0.5"), pod.pod_uid}}});
  directory.SetHostAddresses({Ip("192.168.1.10")});
  directory.SetInterfaces(0, {{2, "eth0"}, {7, "veth1"}});
  directory.Learn(Ip("10.244.0.5"), "example.org", Ip("93.184.216.34"), At("2026-01-01T10:30:00Z"), {});
}

model::Identity Who(const Directory& directory, std::string_view address, std::string_view at, uint16_t port = 0) {
  const base::Timestamp time = At(at);
  const auto answer = directory.HolderOf({Ip(address), port, model::Transport::kTcp, 0}, Ip("10.244.0.5"), time, time);
  EXPECT_TRUE(answer.settled);
  return answer.identity == nullptr ? model::Identity() : *answer.identity;
}

TEST(StateTest, IsTheSameAfterItWasSavedAndLoaded) {
  Directory before({.node = "node-1"});
  Fill(before);
  const std::string saved = before.Save(At("2026-01-01T12:00:00Z"));
  Directory after({.node = "laptop"});
  const auto loaded = after.Load(saved);
  ASSERT_TRUE(loaded) << loaded.error().message;

  EXPECT_EQ(Who(after, "10.244.0.5", "2026-01-01T10:30:00Z").pod, "web-1");
  EXPECT_EQ(Who(after, "fd00::5", "2026-01-01T10:30:00Z").service, "web");
  EXPECT_EQ(Who(after, "10.244.0.5", "2026-01-01T10:30:00Z").labels, std::vector<std::string>{"app=web"});
  EXPECT_EQ(Who(after, "10.244.0.5", "2026-01-01T11:30:00Z").container, "bbbbbbbbbbbb");
  EXPECT_EQ(Who(after, "192.168.1.10", "2026-01-01T10:30:00Z").kind, EndpointKind::kHost);
  EXPECT_EQ(Who(after, "192.168.1.10", "2026-01-01T10:30:00Z").name, "node-1");
  EXPECT_EQ(Who(after, "192.168.1.10", "2026-01-01T10:30:00Z", 9100).container, "agent");
  EXPECT_EQ(Who(after, "93.184.216.34", "2026-01-01T10:31:00Z").name, "example.org");
  EXPECT_EQ(after.ServiceAt({Ip("10.96.0.7"), 80, model::Transport::kTcp, 0}, {}), "shop/web");
  EXPECT_EQ(after.ServiceAt({Ip("192.168.1.10"), 30080, model::Transport::kTcp, 0}, {}), "shop/web");
  EXPECT_EQ(after.InterfaceName(0, 7), "veth1");
}

TEST(StateTest, IsWrittenAsTextThatCanBeRead) {
  Directory directory({.node = "n\xff"});
  Claim claim;
  claim.id = "a\tb\"\\";
  claim.identity.container = "caf\xc3\xa9";
  claim.identity.name = "\xc3(";
  directory.Put(SourceKind::kDocker, claim);
  const auto state = ReadState(directory.Save({}));
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_EQ(state->node, "n");
  ASSERT_EQ(state->claims.size(), 1u);
  EXPECT_EQ(state->claims[0].claim.id, "a\tb\"\\");
  EXPECT_EQ(state->claims[0].claim.identity.container, "caf\xc3\xa9");
  EXPECT_EQ(state->claims[0].claim.identity.name, "(");
}

std::string WhyNot(std::string_view json) {
  Directory directory({});
  const auto loaded = directory.Load(json);
  EXPECT_FALSE(loaded);
  EXPECT_EQ(directory.counters().claims, 0u);
  return loaded ? "" : loaded.error().message;
}

TEST(StateTest, SaysWhatIsWrongWhere) {
  EXPECT_THAT(WhyNot(""), HasSubstr("no valid JSON"));
  EXPECT_THAT(WhyNot("{\"quaywatch_state\": 1, \"claims\": ["), HasSubstr("quaywatch state save"));
  EXPECT_THAT(WhyNot("[]"), HasSubstr("no saved state"));
  EXPECT_THAT(WhyNot(R"({"quaywatch_state": 2})"), HasSubstr("version 2 is not known"));
  EXPECT_THAT(WhyNot(R"({"quaywatch_state":1,"claims":[{"source":"docker","id":"a"},{"source":"docker"}]})"),
              HasSubstr("claims[1].id: is missing"));
  EXPECT_THAT(WhyNot(R"({"quaywatch_state":1,"claims":[{"source":"docker","id":"a","addresses":["10.0.0"]}]})"),
              HasSubstr("claims[0].addresses[0]: '10.0.0' is not an IP address"));
  EXPECT_THAT(WhyNot(R"({"quaywatch_state":1,"claims":[{"source":"docker","id":"a","since":"now"}]})"),
              HasSubstr("claims[0].since: 'now' is not a time like"));
  EXPECT_THAT(WhyNot(R"({"quaywatch_state":1,"claims":[{"source":"docker","id":"a","ports":[70000]}]})"),
              HasSubstr("claims[0].ports[0]: must be a whole number from 0 to 65535"));
  EXPECT_THAT(WhyNot(R"({"quaywatch_state":1,"services":[{"name":"a","ports":[{"transport":"x"}]}]})"),
              HasSubstr("services[0].ports[0].transport: 'x' is not a transport"));
  EXPECT_THAT(WhyNot(R"({"quaywatch_state":1,"host_addresses":7})"), HasSubstr("host_addresses: must be a list"));
}

TEST(StateTest, RefusesWhatIsTooLongOrTooDeep) {
  const std::string long_text(kMaxStateText + 1, 'x');
  EXPECT_THAT(WhyNot(R"({"quaywatch_state":1,"node":")" + long_text + "\"}"), HasSubstr("node: is longer than"));
  EXPECT_THAT(WhyNot(R"({"quaywatch_state":1,"x":)" + std::string(100, '[')), HasSubstr("no valid JSON"));
}

}  // namespace
}  // namespace quaywatch::enrich
