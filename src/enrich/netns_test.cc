// SPDX-License-Identifier: Apache-2.0
#include "enrich/netns.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace quaywatch::enrich {
namespace {

// The last part of this process's cgroup, which stands for a container's id.
std::string OwnCgroup() {
  std::ifstream cgroups("/proc/self/cgroup");
  std::string line;
  std::getline(cgroups, line);
  return line.substr(line.rfind('/'));
}

TEST(Netns, OwnIsThatOfTheOwnProcess) {
  EXPECT_NE(OwnNetns(), 0U);
  EXPECT_EQ(NetnsOfContainer(static_cast<uint32_t>(getpid()), OwnCgroup()), OwnNetns());
}

TEST(Netns, AProcessOfAnotherContainerIsNotBelieved) {
  EXPECT_EQ(NetnsOfContainer(static_cast<uint32_t>(getpid()), "0123456789abcdef"), 0U);
  EXPECT_EQ(NetnsOfContainer(0, OwnCgroup()), 0U);
  EXPECT_EQ(NetnsOfContainer(4'000'000'000U, OwnCgroup()), 0U);
  EXPECT_EQ(NetnsOfContainer(static_cast<uint32_t>(getpid()), ""), 0U);
}

TEST(Netns, AnOrdinaryFileIsNoNamespace) {
  EXPECT_EQ(NetnsAt("/proc/self/status"), 0U);
  EXPECT_EQ(NetnsAt("/nowhere"), 0U);
}

}  // namespace
}  // namespace quaywatch::enrich
