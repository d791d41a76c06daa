// SPDX-License-Identifier: Apache-2.0
#include "enrich/containerd/inventory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quaywatch::enrich::containerd {
namespace {

using testing::IsEmpty;
using testing::SizeIs;
using Kind = Object::Kind;
using State = Object::State;

constexpr uint32_t kOwnNetns = 1;
constexpr char kUid[] = "0a1b2c3d-0000-4000-8000-000000000001";

base::Timestamp At(int64_t nanos) { return base::FromUnixNanos(nanos); }

// As containerd's own API tells it.
Object PlainSandbox(const std::string& id) {
  return {.kind = Kind::kSandbox,
          .id = id,
          .group = "k8s.io",
          .space = "shop",
          .pod = "web",
          .pod_uid = kUid,
          .created = At(10)};
}

TEST(Inventory, PutsTogetherWhatBothApisTellInAnyOrder) {
  Object by_cri = PlainSandbox("s");
  by_cri.by_cri = true;
  by_cri.labels = {{"app", "web"}};
  by_cri.addresses = {*model::IpAddress::Parse("10.4.0.5")};
  by_cri.created = At(20);
  Object plain = PlainSandbox("s");
  plain.labels = {{"app", "web"}, {"of-the-image", "pause"}};
  plain.netns = 77;
  for (const bool cri_first : {true, false}) {
    Inventory inventory(kOwnNetns);
    inventory.Put(cri_first ? by_cri : plain);
    inventory.Put(cri_first ? plain : by_cri);
    const Object* both = inventory.Find("k8s.io/s");
    ASSERT_NE(both, nullptr);
    EXPECT_THAT(both->labels, SizeIs(1));
    EXPECT_THAT(both->addresses, SizeIs(1));
    EXPECT_EQ(both->netns, 77U);
    EXPECT_EQ(both->created, At(10));
  }
}

TEST(Inventory, FindsTheSandboxByIdOrByThePodsUid) {
  Inventory inventory(kOwnNetns);
  inventory.Put(PlainSandbox("s"));
  inventory.Put({.kind = Kind::kPodContainer, .id = "by-id", .group = "k8s.io", .sandbox = "s"});
  inventory.Put({.kind = Kind::kPodContainer, .id = "by-uid", .group = "k8s.io", .pod_uid = kUid});
  inventory.Put({.kind = Kind::kPodContainer, .id = "stray", .group = "k8s.io", .sandbox = "other"});
  EXPECT_EQ(inventory.SandboxOf(*inventory.Find("k8s.io/by-id")), inventory.Find("k8s.io/s"));
  EXPECT_EQ(inventory.SandboxOf(*inventory.Find("k8s.io/by-uid")), inventory.Find("k8s.io/s"));
  EXPECT_EQ(inventory.SandboxOf(*inventory.Find("k8s.io/stray")), nullptr);
  EXPECT_THAT(inventory.ClaimsAround("k8s.io/s"), SizeIs(3));
  EXPECT_THAT(inventory.ClaimsAround("k8s.io/by-id"), SizeIs(1));
  EXPECT_THAT(inventory.AllClaims(), SizeIs(4));
}

TEST(Inventory, APodsNewSandboxCountsForItsContainers) {
  Inventory inventory(kOwnNetns);
  inventory.Put(PlainSandbox("first"));
  Object second = PlainSandbox("second");
  second.created = At(30);
  inventory.Exit("k8s.io/first");
  inventory.Put(second);
  inventory.Put({.kind = Kind::kPodContainer, .id = "c", .group = "k8s.io", .pod_uid = kUid});
  EXPECT_EQ(inventory.SandboxOf(*inventory.Find("k8s.io/c"))->id, "second");
  inventory.Remove("k8s.io/first");
  EXPECT_EQ(inventory.SandboxOf(*inventory.Find("k8s.io/c"))->id, "second");
  inventory.Remove("k8s.io/second");
  EXPECT_EQ(inventory.SandboxOf(*inventory.Find("k8s.io/c")), nullptr);
}

TEST(Inventory, WhoHasExitedStaysSoUntilANewStart) {
  Inventory inventory(kOwnNetns);
  Object container{.state = State::kRunning, .id = "c", .group = "default", .netns = 77, .created = At(10)};
  inventory.Put(container);
  EXPECT_THAT(inventory.AllClaims(), SizeIs(1));
  inventory.Exit("default/c");
  inventory.Put(container);  // an answer that was under way
  EXPECT_THAT(inventory.AllClaims(), IsEmpty());
  EXPECT_THAT(inventory.ClaimsAround("default/c"), IsEmpty());

  inventory.Start("default/c", 4242, 88, At(50));
  ASSERT_THAT(inventory.AllClaims(), SizeIs(1));
  EXPECT_EQ(inventory.AllClaims().front().since, At(50));
  EXPECT_EQ(inventory.AllClaims().front().netns, 88U);
}

TEST(Inventory, TheFirstStartCountsFromTheCreation) {
  Inventory inventory(kOwnNetns);
  inventory.Put({.id = "c", .group = "default", .created = At(10)});
  inventory.Start("default/c", 4242, 88, At(50));
  EXPECT_EQ(inventory.AllClaims().front().since, At(10));
}

TEST(Inventory, TheSensorsOwnNamespaceIsTheHosts) {
  Inventory inventory(kOwnNetns);
  inventory.Put({.id = "c", .group = "default"});
  EXPECT_FALSE(inventory.Find("default/c")->host_network);
  inventory.Start("default/c", 4242, kOwnNetns, At(50));
  EXPECT_TRUE(inventory.Find("default/c")->host_network);
}

TEST(Inventory, EqualIdsOfDifferentGroupsAreDifferent) {
  Inventory inventory(kOwnNetns);
  inventory.Put({.id = "web", .group = "a"});
  inventory.Put({.id = "web", .group = "b"});
  inventory.Remove("a/web");
  EXPECT_EQ(inventory.Find("a/web"), nullptr);
  EXPECT_NE(inventory.Find("b/web"), nullptr);
}

TEST(Inventory, ANameSaysMoreThanADigest) {
  Inventory inventory(kOwnNetns);
  inventory.Put({.kind = Kind::kPodContainer, .id = "c", .group = "k8s.io", .image = "docker.io/library/nginx:1"});
  inventory.Put(
      {.kind = Kind::kPodContainer, .by_cri = true, .id = "c", .group = "k8s.io", .image = "sha256:0123456789"});
  EXPECT_EQ(inventory.Find("k8s.io/c")->image, "docker.io/library/nginx:1");
}

TEST(Inventory, LeavesOutWhatIsTooMuch) {
  Inventory inventory(kOwnNetns);
  for (size_t i = 0; i < Inventory::kMaxObjects + 3; ++i) inventory.Put({.id = std::to_string(i), .group = "default"});
  EXPECT_EQ(inventory.left_out(), 3U);
  EXPECT_THAT(inventory.AllClaims(), SizeIs(Inventory::kMaxObjects));
  inventory.Put({.id = "0", .group = "default", .image = "known already"});
  EXPECT_EQ(inventory.left_out(), 3U);
}

}  // namespace
}  // namespace quaywatch::enrich::containerd
