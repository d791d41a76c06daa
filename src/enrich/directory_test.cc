// SPDX-License-Identifier: Apache-2.0
#include "enrich/directory.h"

#include <gtest/gtest.h>

namespace quaywatch::enrich {
namespace {

using model::EndpointKind;
using model::IpAddress;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

IpAddress Ip(std::string_view text) { return *IpAddress::Parse(text); }
std::string Cid(char digit) { return std::string(64, digit); }
std::string Uid(char digit) { return "00000000-0000-4000-8000-00000000000" + std::string(1, digit); }

constexpr base::Timestamp kStart = base::FromUnixNanos(1'700'000'000'000'000'000);
base::Timestamp At(double s) {
  return kStart + std::chrono::duration_cast<base::Duration>(std::chrono::duration<double>(s));
}

class DirectoryTest : public testing::Test {
 protected:
  Directory::Answer Ask(std::string_view address, double at, double now, uint16_t port = 0, uint32_t netns = 0,
                        std::string_view peer = "10.9.9.9") {
    return directory_.HolderOf({Ip(address), port, model::Transport::kTcp, netns}, Ip(peer), At(at), At(now));
  }
  // Long after, when all is settled.
  const model::Identity& Who(std::string_view address, double at, uint16_t port = 0, uint32_t netns = 0,
                             std::string_view peer = "10.9.9.9") {
    last_ = Ask(address, at, at + 3600, port, netns, peer);
    EXPECT_TRUE(last_.settled);
    static const model::Identity kNobody;
    EXPECT_NE(last_.identity, nullptr);
    return last_.identity == nullptr ? kNobody : *last_.identity;
  }

  // What the host's own source sees.
  static Claim Local(std::string id, uint32_t netns, std::vector<IpAddress> addresses, double since,
                     std::string container_id = {}, std::string pod_uid = {}) {
    Claim claim;
    claim.id = std::move(id);
    claim.identity.kind = container_id.empty() ? EndpointKind::kNetns : EndpointKind::kContainer;
    claim.netns = netns;
    claim.addresses = std::move(addresses);
    claim.container_id = std::move(container_id);
    claim.pod_uid = std::move(pod_uid);
    claim.interface = "veth" + std::to_string(netns);
    claim.since = At(since);
    return claim;
  }
  static Claim Docker(std::string id, std::string name, double since, std::vector<IpAddress> addresses = {}) {
    Claim claim;
    claim.id = claim.container_id = std::move(id);
    claim.identity.kind = EndpointKind::kContainer;
    claim.identity.container = std::move(name);
    claim.identity.image = claim.identity.container + ":1";
    claim.addresses = std::move(addresses);
    claim.since = At(since);
    return claim;
  }
  static Claim Pod(std::string uid, std::string name, double since, std::vector<IpAddress> addresses = {}) {
    Claim claim;
    claim.id = claim.pod_uid = std::move(uid);
    claim.identity.kind = EndpointKind::kPod;
    claim.identity.space = "shop";
    claim.identity.pod = std::move(name);
    claim.identity.workload = "web";
    claim.identity.workload_kind = "Deployment";
    claim.addresses = std::move(addresses);
    claim.since = At(since);
    return claim;
  }

  base::Timestamp now_ = kStart;
  Directory directory_{{.labels = {"app"}, .node = "node-1", .clock = [this] { return now_; }}};
  Directory::Answer last_;
};

TEST_F(DirectoryTest, NamesAContainerWhetherItsNameComesBeforeOrAfterItsAddress) {
  directory_.Put(SourceKind::kDocker, Docker(Cid('a'), "early", 1));
  directory_.Put(SourceKind::kHost, Local("n1", 11, {Ip("172.17.0.2")}, 1, Cid('a')));
  directory_.Put(SourceKind::kHost, Local("n2", 12, {Ip("172.17.0.3")}, 1, Cid('b')));
  directory_.Put(SourceKind::kDocker, Docker(Cid('b'), "late", 2));
  EXPECT_EQ(Who("172.17.0.2", 1.5).container, "early");
  EXPECT_EQ(Who("172.17.0.3", 1.5).container, "late");
  EXPECT_EQ(Who("172.17.0.3", 1.5).kind, EndpointKind::kContainer);
  EXPECT_EQ(Who("172.17.0.3", 1.5).image, "late:1");
  EXPECT_EQ(Who("172.17.0.3", 1.5).node, "node-1");
}

TEST_F(DirectoryTest, WaitsForANameThatAnActiveSourceStillOwes) {
  directory_.SetActive(SourceKind::kHost, true);
  directory_.SetActive(SourceKind::kDocker, true);
  EXPECT_FALSE(Ask("172.17.0.2", 1, 1.1).settled);
  EXPECT_EQ(Ask("172.17.0.2", 1, 1.1).identity, nullptr);
  EXPECT_TRUE(Ask("172.17.0.2", 1, 4).settled);
  directory_.Put(SourceKind::kHost, Local("n1", 11, {Ip("172.17.0.2")}, 1, Cid('a')));
  EXPECT_FALSE(Ask("172.17.0.2", 1.5, 1.6).settled);
  EXPECT_TRUE(Ask("172.17.0.2", 1.5, 4.5).settled);
  EXPECT_EQ(Who("172.17.0.2", 1.5).container, "aaaaaaaaaaaa");
  directory_.Put(SourceKind::kDocker, Docker(Cid('a'), "web", 1));
  EXPECT_TRUE(Ask("172.17.0.2", 1.5, 1.6).settled);
  EXPECT_EQ(Who("172.17.0.2", 1.5).container, "web");
}

TEST_F(DirectoryTest, GoesByTheTimeOfTheFlowWhenAnAddressIsGivenToAnother) {
  directory_.Put(SourceKind::kDocker, Docker(Cid('a'), "first", 1));
  directory_.Put(SourceKind::kHost, Local("n1", 11, {Ip("172.17.0.2")}, 1, Cid('a')));
  directory_.Put(SourceKind::kDocker, Docker(Cid('b'), "second", 2));
  directory_.Put(SourceKind::kHost, Local("n2", 12, {Ip("172.17.0.2")}, 2, Cid('b')));
  // The old one's end is told late.
  EXPECT_EQ(Who("172.17.0.2", 2.1).container, "second");
  directory_.End(SourceKind::kHost, "n1", At(1.9));
  directory_.End(SourceKind::kDocker, Cid('a'), At(1.9));
  EXPECT_EQ(Who("172.17.0.2", 1.5).container, "first");
  EXPECT_EQ(Who("172.17.0.2", 2.1).container, "second");
}

TEST_F(DirectoryTest, DoesNotTakeKubernetesLateNewsForTheTruthAboutAnAddress) {
  directory_.Put(SourceKind::kKubernetes, Pod(Uid('1'), "web-1", 1, {Ip("10.244.0.5")}));
  directory_.Put(SourceKind::kHost, Local("n1", 11, {Ip("10.244.0.5")}, 1, Cid('a'), Uid('1')));
  directory_.End(SourceKind::kHost, "n1", At(5));
  directory_.Put(SourceKind::kHost, Local("n2", 12, {Ip("10.244.0.5")}, 5.2, Cid('b'), Uid('2')));
  directory_.Put(SourceKind::kKubernetes, Pod(Uid('2'), "web-2", 4.9));
  EXPECT_EQ(Who("10.244.0.5", 4).pod, "web-1");
  EXPECT_EQ(Who("10.244.0.5", 5.3).pod, "web-2");
  EXPECT_EQ(Who("10.244.0.5", 5.3).workload, "web");
  directory_.End(SourceKind::kHost, "n2", At(6));
  EXPECT_EQ(Who("10.244.0.5", 7).kind, EndpointKind::kUnknown);
}

}  // namespace
}  // namespace quaywatch::enrich
