// SPDX-License-Identifier: Apache-2.0
#include "model/ids.h"

#include <gtest/gtest.h>

#include <cctype>
#include <set>
#include <string>

namespace quaywatch::model {
namespace {

TEST(Uid, ALetterAndDigits) {
  const Uid uid = Uid::Make('C', base::Hash128Of("a flow", 7));
  ASSERT_EQ(uid.view().size(), Uid::kLength);
  EXPECT_EQ(uid.view()[0], 'C');
  for (const char c : uid.view()) EXPECT_TRUE(std::isalnum(static_cast<unsigned char>(c))) << uid.view();
  EXPECT_EQ(uid, Uid::Make('C', base::Hash128Of("a flow", 7)));
}

TEST(Uid, EmptyUntilMade) {
  EXPECT_TRUE(Uid().empty());
  EXPECT_EQ(Uid().view(), "");
  EXPECT_FALSE(Uid::Make('C', {}).empty());
}

TEST(Uid, DependsOnBothWordsOfTheHash) {
  std::set<std::string> seen;
  for (uint64_t i = 0; i < 1000; ++i) {
    seen.emplace(Uid::Make('C', {i, 0}).view());
    seen.emplace(Uid::Make('C', {0, i + 1}).view());
    seen.emplace(Uid::Make('F', {i, 0}).view());
  }
  EXPECT_EQ(seen.size(), 3000u);
}

TEST(Transport, Names) {
  EXPECT_EQ(TransportName(Transport::kTcp), "tcp");
  EXPECT_EQ(TransportName(Transport::kUdp), "udp");
  EXPECT_EQ(TransportName(Transport::kIcmp), "icmp");
  EXPECT_EQ(TransportName(Transport::kUnknown), "unknown_transport");
}

}  // namespace
}  // namespace quaywatch::model
