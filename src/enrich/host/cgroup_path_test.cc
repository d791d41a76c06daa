// SPDX-License-Identifier: Apache-2.0
#include "enrich/host/cgroup_path.h"

#include <gtest/gtest.h>

namespace quaywatch::enrich::host {
namespace {

const std::string kId = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const std::string kInner = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";
const std::string kUid = "3f2a9c10-77aa-4b1e-9d0c-0a1b2c3d4e5f";
const std::string kUidUnderscores = "3f2a9c10_77aa_4b1e_9d0c_0a1b2c3d4e5f";

TEST(CgroupPath, ContainersOfEachRuntime) {
  for (const std::string& path : {
           "/docker/" + kId,
           "/system.slice/docker-" + kId + ".scope",
           "/machine.slice/libpod-" + kId + ".scope",
           "/machine.slice/libpod-" + kId + ".scope/container",
           "/libpod_parent/libpod-" + kId,
           "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + kId + ".scope",
           "/system.slice/containerd.service/cri-containerd-" + kId + ".scope",
           "/system.slice/crio-" + kId + ".scope",
           "/k8s.io/" + kId,
           "/default/" + kId + "/init.scope",
           "/system.slice/containerd.service/kubepods.slice:cri-containerd:" + kId,
       }) {
    EXPECT_EQ(OwnerOfPath(path), (CgroupOwner{kId, ""})) << path;
  }
}

TEST(CgroupPath, ContainersOfPods) {
  for (const std::string& path : {
           "/kubepods/burstable/pod" + kUid + "/" + kId,
           "/kubepods/pod" + kUid + "/" + kId,
           "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" + kUidUnderscores +
               ".slice/cri-containerd-" + kId + ".scope",
           "/kubepods.slice/kubepods-pod" + kUidUnderscores + ".slice/crio-" + kId + ".scope/system.slice/a.service",
           "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod" + kUidUnderscores + ".slice/docker-" + kId +
               ".scope",
           "/system.slice/containerd.service/kubepods-burstable-pod" + kUidUnderscores + ".slice:cri-containerd:" + kId,
       }) {
    EXPECT_EQ(OwnerOfPath(path).container_id, kId) << path;
    if (path.find(':') == path.npos) {
      EXPECT_EQ(OwnerOfPath(path).pod_uid, kUid) << path;
    }
  }
}

TEST(CgroupPath, PodWithoutContainerAndStaticPod) {
  EXPECT_EQ(OwnerOfPath("/kubepods/besteffort/pod" + kUid), (CgroupOwner{"", kUid}));
  const std::string hash = "0123456789abcdef0123456789abcdef";
  EXPECT_EQ(OwnerOfPath("/kubepods/burstable/pod" + hash + "/" + kId), (CgroupOwner{kId, hash}));
}

TEST(CgroupPath, InnermostContainerCounts) {
  EXPECT_EQ(OwnerOfPath("/docker/" + kId + "/docker/" + kInner), (CgroupOwner{kInner, ""}));
  EXPECT_EQ(OwnerOfPath("/docker/" + kId + "/kubelet/kubepods/pod" + kUid + "/" + kInner), (CgroupOwner{kInner, kUid}));
}

TEST(CgroupPath, NothingElseIsTaken) {
  for (const std::string& path : {
           std::string(),
           std::string("/"),
           std::string("/user.slice/user-0.slice/session-1.scope"),
           std::string("/system.slice/docker.service"),
           "/docker/" + kId.substr(1),
           "/docker/" + kId + "0",
           "/docker/G" + kId.substr(1),
           "/machine.slice/libpod-conmon-" + kId + ".scope",
           std::string("/podinfo/tripod-1"),
           "/pod" + kUid.substr(1),
           std::string("/kubepods/burstable/pod3f2a9c10_77aa_4b1e_9d0c-0a1b2c3d4e5"),
       }) {
    EXPECT_TRUE(OwnerOfPath(path).empty()) << path;
  }
}

TEST(CgroupPath, OfAProcessInBothVersions) {
  EXPECT_EQ(OwnerOfProcess("0::/docker/" + kId + "\n"), (CgroupOwner{kId, ""}));
  EXPECT_EQ(OwnerOfProcess("12:pids:/user.slice\n4:memory:/docker/" + kId + "\n0::/\n"), (CgroupOwner{kId, ""}));
  EXPECT_EQ(OwnerOfProcess("12:pids:/kubepods/pod" + kUid + "\n4:memory:/kubepods/pod" + kUid + "/" + kId + "\n"),
            (CgroupOwner{kId, kUid}));
  EXPECT_TRUE(OwnerOfProcess("0::/init.scope\n").empty());
  EXPECT_TRUE(OwnerOfProcess("no colons\n:\n\n").empty());
}

TEST(CgroupPath, UnifiedHierarchy) {
  EXPECT_EQ(UnifiedPath("12:pids:/a\n1:name=systemd:/b\n0::/c/d\n"), "/c/d");
  EXPECT_EQ(UnifiedPath("0::/"), "/");
  EXPECT_EQ(UnifiedPath("12:pids:/a\n"), "");
}

}  // namespace
}  // namespace quaywatch::enrich::host
