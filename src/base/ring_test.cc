// SPDX-License-Identifier: Apache-2.0
#include "base/ring.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace quaywatch::base {
namespace {

TEST(Ring, FirstInFirstOut) {
  Ring<std::unique_ptr<int>> ring(4);
  EXPECT_FALSE(ring.TryPop());
  for (int i = 0; i < 4; ++i) ring.Push(std::make_unique<int>(i));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(*ring.Pop(), i);
  EXPECT_FALSE(ring.TryPop());
}

TEST(Ring, EitherSideWaits) {
  constexpr int kValues = 100'000;
  Ring<int> ring(8);
  std::thread producer([&ring] {
    for (int i = 0; i < kValues; ++i) ring.Push(i);
  });
  int64_t wrong = 0;
  for (int i = 0; i < kValues; ++i) wrong += ring.Pop() != i;
  producer.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace quaywatch::base
