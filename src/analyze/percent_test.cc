// SPDX-License-Identifier: Apache-2.0
#include "analyze/percent.h"

#include <gtest/gtest.h>

#include "analyze/fake_context.h"

namespace quaywatch::analyze {
namespace {

TEST(Percent, WellFormed) {
  EXPECT_EQ(Unescape("/a%20b%2Fc", nullptr), "/a b/c");
  EXPECT_EQ(Unescape("%u0041%u4142", nullptr), "AAB");
  EXPECT_EQ(Unescape("plain", nullptr), "plain");
}

TEST(Percent, BrokenEscapesStayAndAreReported) {
  const AnalyzerSpec no_spec{};
  FakeContext context(no_spec);
  EXPECT_EQ(Unescape("a%", &context), "a%");
  EXPECT_EQ(Unescape("a%4", &context), "a%4");
  EXPECT_EQ(Unescape("a%%41", &context), "aA");
  EXPECT_EQ(Unescape("a%zz", &context), "a%zz");
  EXPECT_EQ(context.weirds, (std::vector<std::string>{"illegal_%_at_end_of_URI", "partial_escape_at_end_of_URI",
                                                      "double_%_in_URI", "unescaped_%_in_URI"}));
}

}  // namespace
}  // namespace quaywatch::analyze
