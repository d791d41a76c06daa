// SPDX-License-Identifier: Apache-2.0
#include "enrich/containerd/claims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "enrich/containerd/pod_labels.h"

namespace quaywatch::enrich::containerd {
namespace {

using model::EndpointKind;
using testing::ElementsAre;
using testing::IsEmpty;

const std::string kSandboxId(64, 'a');
const std::string kContainerId(64, 'b');
constexpr char kUid[] = "0a1b2c3d-0000-4000-8000-000000000001";

model::IpAddress Address(const char* text) { return *model::IpAddress::Parse(text); }

Object Sandbox() {
  return {.kind = Object::Kind::kSandbox,
          .id = kSandboxId,
          .group = "k8s.io",
          .space = "shop",
          .pod = "web-5d4f9-x2x9z",
          .pod_uid = kUid,
          .labels = {{"app", "web"}, {"pod-template-hash", "5d4f9"}},
          .addresses = {Address("10.4.0.5"), Address("fd00::5")},
          .netns = 77,
          .created = base::FromUnixNanos(5)};
}

TEST(ClaimOf, ASandboxHoldsItsPodsAddresses) {
  const Claim claim = ClaimOf(Sandbox(), nullptr);
  EXPECT_EQ(claim.id, "k8s.io/" + kSandboxId);
  EXPECT_EQ(claim.container_id, kSandboxId);
  EXPECT_EQ(claim.pod_uid, kUid);
  EXPECT_EQ(claim.netns, 77U);
  EXPECT_EQ(claim.since, base::FromUnixNanos(5));
  EXPECT_THAT(claim.addresses, ElementsAre(Address("10.4.0.5"), Address("fd00::5")));
  EXPECT_EQ(claim.identity.kind, EndpointKind::kPod);
  EXPECT_EQ(claim.identity.space, "shop");
  EXPECT_EQ(claim.identity.pod, "web-5d4f9-x2x9z");
  EXPECT_EQ(claim.identity.workload, "web");
  EXPECT_EQ(claim.identity.workload_kind, "Deployment");
  EXPECT_EQ(claim.identity.container, "");
  EXPECT_THAT(claim.identity.labels, ElementsAre("app=web", "pod-template-hash=5d4f9"));
}

TEST(ClaimOf, AContainerOfAPodTakesWhatItLacksFromTheSandbox) {
  const Object sandbox = Sandbox();
  const Object container{.kind = Object::Kind::kPodContainer,
                         .id = kContainerId,
                         .group = "k8s.io",
                         .name = "nginx",
                         .image = "docker.io/library/nginx:1",
                         .sandbox = kSandboxId,
                         .labels = {{"maintainer", "somebody"}},
                         .ports = {80}};
  const Claim claim = ClaimOf(container, &sandbox);
  EXPECT_EQ(claim.container_id, kContainerId);
  EXPECT_EQ(claim.pod_uid, kUid);
  EXPECT_EQ(claim.netns, 77U);
  EXPECT_THAT(claim.addresses, IsEmpty());
  EXPECT_THAT(claim.ports, ElementsAre(80));
  EXPECT_EQ(claim.identity.kind, EndpointKind::kPod);
  EXPECT_EQ(claim.identity.pod, "web-5d4f9-x2x9z");
  EXPECT_EQ(claim.identity.container, "nginx");
  EXPECT_EQ(claim.identity.image, "docker.io/library/nginx:1");
  EXPECT_THAT(claim.identity.labels, ElementsAre("app=web", "pod-template-hash=5d4f9"));
}

TEST(ClaimOf, AHostNetworkPodHasNoAddressesOfItsOwn) {
  Object sandbox = Sandbox();
  sandbox.host_network = true;
  EXPECT_TRUE(ClaimOf(sandbox, nullptr).host_network);
  EXPECT_THAT(ClaimOf(sandbox, nullptr).addresses, IsEmpty());
  const Object container{.kind = Object::Kind::kPodContainer, .id = kContainerId, .group = "k8s.io"};
  EXPECT_TRUE(ClaimOf(container, &sandbox).host_network);
}

TEST(ClaimOf, AContainerOfNobodysPodIsNamedByItsIdOrByNerdctl) {
  Object container{.id = "web", .group = "default", .image = "busybox", .labels = {{"color", "red"}}, .netns = 5};
  Claim claim = ClaimOf(container, nullptr);
  EXPECT_EQ(claim.id, "default/web");
  EXPECT_EQ(claim.container_id, "");
  EXPECT_EQ(claim.netns, 5U);
  EXPECT_EQ(claim.identity.kind, EndpointKind::kContainer);
  EXPECT_EQ(claim.identity.container, "web");
  EXPECT_EQ(claim.identity.space, "default");
  EXPECT_EQ(claim.identity.image, "busybox");
  EXPECT_THAT(claim.identity.labels, ElementsAre("color=red"));

  container.id = kContainerId;
  claim = ClaimOf(container, nullptr);
  EXPECT_EQ(claim.container_id, kContainerId);
  EXPECT_EQ(claim.identity.container, kContainerId.substr(0, 12));

  container.labels = {
      {"nerdctl/name", "shop-web-1"}, {"com.docker.compose.project", "shop"}, {"com.docker.compose.service", "web"}};
  claim = ClaimOf(container, nullptr);
  EXPECT_EQ(claim.identity.container, "shop-web-1");
  EXPECT_EQ(claim.identity.space, "shop");
  EXPECT_EQ(claim.identity.workload, "web");
}

TEST(OwnerOf, IsWhatTheControllersSignatureProves) {
  const auto owner = [](const std::string& pod, const Labels& labels) {
    const Owner found = OwnerOf(pod, labels);
    return std::string(found.kind) + ":" + found.name;
  };
  EXPECT_EQ(owner("my-web-5d4f9-x2x9z", {{"pod-template-hash", "5d4f9"}}), "Deployment:my-web");
  EXPECT_EQ(owner("db-0", {{"statefulset.kubernetes.io/pod-name", "db-0"}, {"controller-revision-hash", "db-7c"}}),
            "StatefulSet:db");
  EXPECT_EQ(owner("agent-zx81c", {{"controller-revision-hash", "6b"}, {"pod-template-generation", "1"}}),
            "DaemonSet:agent");
  EXPECT_EQ(owner("backup-28-abcde", {{"job-name", "backup-28"}}), "Job:backup-28");
  EXPECT_EQ(owner("web-x2x9z", {{"app", "web"}}), ":");
  EXPECT_EQ(owner("renamed", {{"pod-template-hash", "5d4f9"}}), ":");
  EXPECT_EQ(owner("-5d4f9-x", {{"pod-template-hash", "5d4f9"}}), ":");
  EXPECT_EQ(owner("", {{"statefulset.kubernetes.io/pod-name", ""}}), ":");
}

TEST(ReadPorts, TakesWhatMakesSense) {
  EXPECT_THAT(ReadPorts(R"([{"name":"http","containerPort":80,"protocol":"TCP"},{"containerPort":0},
                            {"containerPort":70000},{"containerPort":"x"},{},{"containerPort":8443}])"),
              ElementsAre(80, 8443));
  EXPECT_THAT(ReadPorts("{}"), IsEmpty());
  EXPECT_THAT(ReadPorts("[{"), IsEmpty());
  EXPECT_THAT(ReadPorts(""), IsEmpty());
}

TEST(AddLabel, LeavesOutWhatIsTooMuch) {
  Object object;
  for (size_t i = 0; i < kMaxLabels + 10; ++i) AddLabel(object, "key" + std::to_string(i), "value");
  EXPECT_EQ(object.labels.size(), kMaxLabels);
  Object other;
  AddLabel(other, "long", std::string(kMaxLabel, 'x'));
  EXPECT_THAT(other.labels, IsEmpty());
}

}  // namespace
}  // namespace quaywatch::enrich::containerd
