// SPDX-License-Identifier: Apache-2.0
#include "base/memory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>

namespace quaywatch::base {
namespace {

TEST(Memory, GrowsByWhatIsTouched) {
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
  GTEST_SKIP() << "the thread sanitizer maps its memory beforehand";
#endif
#endif
  constexpr size_t kSize = 64u << 20;
  const uint64_t before = ResidentBytes();
  ASSERT_GT(before, 0u);
  const auto bytes = std::make_unique<char[]>(kSize);
  std::memset(bytes.get(), 1, kSize);
  EXPECT_GT(ResidentBytes(), before + kSize / 2);
}

}  // namespace
}  // namespace quaywatch::base
