// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"

#include <gtest/gtest.h>

namespace quaywatch::base {
namespace {

constexpr uint8_t kData[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

TEST(Cursor, ReadsInNetworkOrder) {
  Cursor in(kData);
  EXPECT_EQ(in.U8(), 0x01u);
  EXPECT_EQ(in.U16(), 0x0203u);
  EXPECT_EQ(in.U24(), 0x040506u);
  EXPECT_EQ(in.U32(), 0x0708090au);
  EXPECT_EQ(in.offset(), 10u);
  EXPECT_EQ(in.left(), 5u);
  EXPECT_EQ(in.Take(2).size(), 2u);
  EXPECT_EQ(in.rest()[0], 13);
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(Cursor(kData).U64(), 0x0102030405060708u);
  EXPECT_EQ(Cursor(kData).U16Little(), 0x0201u);
  EXPECT_EQ(Cursor(kData).U32Little(), 0x04030201u);
}

TEST(Cursor, FailsForGoodPastTheEnd) {
  const auto fails = [](auto read) {
    Cursor in(Bytes(kData, 1));
    read(in);
    return !in.ok() && in.empty() && in.left() == 0 && in.U8() == 0;
  };
  EXPECT_TRUE(fails([](Cursor& in) { EXPECT_EQ(in.U16(), 0u); }));
  EXPECT_TRUE(fails([](Cursor& in) { EXPECT_EQ(in.U24(), 0u); }));
  EXPECT_TRUE(fails([](Cursor& in) { EXPECT_EQ(in.U32(), 0u); }));
  EXPECT_TRUE(fails([](Cursor& in) { EXPECT_EQ(in.U64(), 0u); }));
  EXPECT_TRUE(fails([](Cursor& in) { EXPECT_EQ(in.U16Little(), 0u); }));
  EXPECT_TRUE(fails([](Cursor& in) { EXPECT_EQ(in.U32Little(), 0u); }));
  EXPECT_TRUE(fails([](Cursor& in) { EXPECT_TRUE(in.Take(2).empty()); }));
  EXPECT_TRUE(fails([](Cursor& in) { in.Skip(SIZE_MAX); }));
}

TEST(Cursor, AllOfItIsNoFailure) {
  Cursor in(kData);
  in.Skip(sizeof kData);
  EXPECT_TRUE(in.ok());
  EXPECT_TRUE(in.empty());
  EXPECT_TRUE(in.Take(0).empty());
  EXPECT_TRUE(in.ok());
}

TEST(Cursor, OfNothing) {
  Cursor in(Bytes{});
  EXPECT_TRUE(in.ok());
  EXPECT_TRUE(in.empty());
  EXPECT_EQ(in.U8(), 0u);
  EXPECT_FALSE(in.ok());
}

TEST(Bytes, AsText) {
  EXPECT_EQ(AsText(AsBytes("a\0b")), "a");
  EXPECT_EQ(AsBytes(std::string_view("a\0b", 3)).size(), 3u);
}

}  // namespace
}  // namespace quaywatch::base
