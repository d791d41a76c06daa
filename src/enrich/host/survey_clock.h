// SPDX-License-Identifier: Apache-2.0
//
// When to walk over /proc: at once after an event, again soon while something is new, seldom otherwise, and
// never for more than a share of the CPU.
#pragma once

#include <algorithm>

#include "base/time.h"

namespace quaywatch::enrich::host {

// Times are those of CLOCK_MONOTONIC.
class SurveyClock {
 public:
  static constexpr base::Duration kCalm = std::chrono::seconds(5);  // between walks when nothing is expected
  // While something is that new, and while it is no longer quite so new.
  static constexpr base::Duration kNew = std::chrono::seconds(2), kNewPause = std::chrono::milliseconds(20);
  static constexpr base::Duration kRecent = std::chrono::seconds(30), kRecentPause = std::chrono::milliseconds(500);
  // Walks may take one part in so many of a CPU's time; what they did not take is saved up to this.
  static constexpr int kShare = 5;
  static constexpr base::Duration kMostSaved = std::chrono::milliseconds(500);

  // One is wanted at the latest then.
  void Within(base::Duration delay, base::Duration now) { next_ = std::min(next_, now + delay); }
  // So is one for something that is there for `age` and not understood.
  void ForAge(base::Duration age, base::Duration now) {
    if (age < kRecent) Within(age < kNew ? kNewPause : kRecentPause, now);
  }
  base::Duration next() const { return next_; }

  // Is one due, and can it be afforded?
  bool IsDue(base::Duration now) {
    if (now < next_) return false;
    saved_ = std::min(kMostSaved, saved_ + (now - saved_at_) / kShare);
    saved_at_ = now;
    if (saved_ > base::Duration::zero()) return true;
    next_ = now - saved_ * kShare + std::chrono::milliseconds(1);
    return false;
  }
  // One begins: should it be thorough?
  bool Begin(base::Duration now) {
    const bool thorough = thorough_ <= now;
    if (thorough) thorough_ = now + kCalm;
    next_ = thorough_;
    return thorough;
  }
  // It took that much of a CPU.
  void End(base::Duration took) { saved_ -= took; }

 private:
  base::Duration next_{};
  base::Duration thorough_{};
  base::Duration saved_ = kMostSaved;
  base::Duration saved_at_{};
};

}  // namespace quaywatch::enrich::host
