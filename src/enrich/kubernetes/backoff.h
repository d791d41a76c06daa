// SPDX-License-Identifier: Apache-2.0
//
// How long to wait before the next attempt: 1 to 60 s, longer each time, and not the same for all sensors of a
// cluster.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace quaywatch::enrich::kubernetes {

class Backoff {
 public:
  explicit Backoff(uint64_t seed) : random_(seed) {}

  // After one more failure.
  std::chrono::milliseconds Next() {
    const double longest = std::min(1000.0 * static_cast<double>(1U << std::min(failures_, 6U)), 40'000.0);
    ++failures_;
    return std::chrono::milliseconds(static_cast<int64_t>(longest * std::uniform_real_distribution(1.0, 1.5)(random_)));
  }
  void Reset() { failures_ = 0; }
  uint32_t failures() const { return failures_; }

 private:
  std::mt19937_64 random_;
  uint32_t failures_ = 0;
};

}  // namespace quaywatch::enrich::kubernetes
