// SPDX-License-Identifier: Apache-2.0
#include "enrich/host/mounts.h"

#include <gtest/gtest.h>

namespace quaywatch::enrich::host {
namespace {

TEST(Mounts, NamespacesOfEachMaker) {
  const auto mounts = NamespaceMounts(
      "22 27 0:20 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n"
      "310 26 0:4 net:[4026532264] /run/netns/blue rw shared:171 - nsfs nsfs rw\n"
      "311 26 0:4 net:[4026532400] /run/docker/netns/0a1b2c3d4e5f rw - nsfs nsfs rw\n"
      "312 26 0:4 mnt:[4026532401] /run/snapd/ns/x.mnt rw - nsfs nsfs rw\n"
      "313 26 0:4 net:[4026532402] /run/netns/cni-1\\040two rw shared:1 - nsfs nsfs rw");
  ASSERT_EQ(mounts.size(), 3u);
  EXPECT_EQ(mounts[0].inode, 4026532264u);
  EXPECT_EQ(mounts[0].path, "/run/netns/blue");
  EXPECT_EQ(mounts[0].name(), "blue");
  EXPECT_EQ(mounts[1].name(), "0a1b2c3d4e5f");
  EXPECT_EQ(mounts[2].path, "/run/netns/cni-1 two");
}

TEST(Mounts, BrokenLinesAreLeftOut) {
  for (const char* text : {"", "\n\n\n", "1", "1 2 3", "1 2 3 net:[", "1 2 3 net:[12", "1 2 3 net:[12]",
                           "1 2 3 net:[x] /a", "1 2 3 net:[99999999999] /a", "1 2 3 net:[-1] /a", "1 2 3 net:[] /a"}) {
    EXPECT_TRUE(NamespaceMounts(text).empty()) << text;
  }
  EXPECT_EQ(NamespaceMounts("1 2 3 net:[7] \\").at(0).path, "\\");
  EXPECT_EQ(NamespaceMounts("1 2 3 net:[7] \\9zz").at(0).path, "\\9zz");
}

TEST(Mounts, NoMoreThanTheMaximum) {
  std::string text;
  for (size_t i = 0; i <= kMaxNamespaceMounts; ++i) text += "1 2 3 net:[7] /a\n";
  EXPECT_EQ(NamespaceMounts(text).size(), kMaxNamespaceMounts);
}

TEST(Mounts, Inode) {
  EXPECT_EQ(NamespaceInode("net:[4026531840]"), 4026531840u);
  EXPECT_EQ(NamespaceInode("pid:[4026531836]"), 0u);
  EXPECT_EQ(NamespaceInode("net:[1]x"), 0u);
}

}  // namespace
}  // namespace quaywatch::enrich::host
