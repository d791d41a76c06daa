// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#include <gtest/gtest.h>

#include <set>

namespace quaywatch::base {
namespace {

TEST(Hash, DependsOnAllOfTheTextAndTheSeed) {
  EXPECT_EQ(Hash64("abc"), Hash64("abc"));
  EXPECT_NE(Hash64("abc"), Hash64("abd"));
  EXPECT_NE(Hash64("abc"), Hash64("abc", 1));
  EXPECT_NE(Hash64(""), Hash64(std::string_view("\0", 1)));
  const Hash128 a = Hash128Of("abc", 1);
  const Hash128 b = Hash128Of("abc", 2);
  EXPECT_NE(a.low, b.low);
  EXPECT_NE(a.high, b.high);
}

// Tables are indexed by the low bits.
TEST(Hash, MixSpreadsSmallNumbers) {
  std::set<uint64_t> slots;
  for (uint64_t i = 0; i < 1000; ++i) slots.insert(Mix(i, i + 1) & 0xffff);
  EXPECT_GT(slots.size(), 950u);
  EXPECT_NE(Mix(1, 2), Mix(2, 1));
}

}  // namespace
}  // namespace quaywatch::base
