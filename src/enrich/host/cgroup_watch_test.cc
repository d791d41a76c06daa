// SPDX-License-Identifier: Apache-2.0
#include "enrich/host/cgroup_watch.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "enrich/host/lab.h"

namespace quaywatch::enrich::host {
namespace {

const std::vector<std::string> kRoots{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};

TEST(CgroupWatch, NoHierarchyNoEvents) {
  CgroupWatch watch({"/nowhere", "/"});
  EXPECT_EQ(watch.fd(), -1);
  EXPECT_FALSE(watch.Read());
}

TEST(CgroupWatch, ContainersInFoldersThatAreNewToo) {
  const std::string root = lab::MakeCgroup("quaywatch-watch-" + std::to_string(getpid()));
  if (root.empty()) GTEST_SKIP() << "needs root and a cgroup hierarchy of version 2";
  CgroupWatch watch(kRoots);
  const auto told = [&watch] {
    pollfd poll_one{watch.fd(), POLLIN, 0};
    return poll(&poll_one, 1, 100) > 0 && watch.Read();
  };
  const std::string slice = root + "/slice", container = slice + "/" + lab::Id(7);
  ASSERT_EQ(mkdir(slice.c_str(), 0755), 0);
  ASSERT_EQ(mkdir(container.c_str(), 0755), 0);
  EXPECT_TRUE(lab::Eventually(told));
  ASSERT_EQ(rmdir(container.c_str()), 0);
  watch.Read();
  ASSERT_EQ(mkdir(container.c_str(), 0755), 0);
  EXPECT_TRUE(lab::Eventually(told));
  for (const std::string& path : {container, slice, root}) EXPECT_EQ(rmdir(path.c_str()), 0);
}

}  // namespace
}  // namespace quaywatch::enrich::host
