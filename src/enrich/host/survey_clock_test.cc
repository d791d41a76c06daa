// SPDX-License-Identifier: Apache-2.0
#include "enrich/host/survey_clock.h"

#include <gtest/gtest.h>

namespace quaywatch::enrich::host {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(SurveyClock, AtOnceThenSeldom) {
  SurveyClock clock;
  ASSERT_TRUE(clock.IsDue(seconds(100)));
  EXPECT_TRUE(clock.Begin(seconds(100)));
  EXPECT_FALSE(clock.IsDue(seconds(104)));
  EXPECT_TRUE(clock.IsDue(seconds(105)));
}

TEST(SurveyClock, AnEventWalksLightly) {
  SurveyClock clock;
  clock.Begin(seconds(100));
  clock.Within({}, seconds(101));
  ASSERT_TRUE(clock.IsDue(seconds(101)));
  EXPECT_FALSE(clock.Begin(seconds(101)));
  EXPECT_EQ(clock.next(), seconds(105));
}

TEST(SurveyClock, NewThingsAreLookedAtOften) {
  SurveyClock clock;
  clock.Begin(seconds(100));
  clock.ForAge(seconds(1), seconds(101));
  EXPECT_EQ(clock.next(), seconds(101) + SurveyClock::kNewPause);
  clock.Begin(seconds(103));
  clock.ForAge(seconds(3), seconds(103));
  EXPECT_EQ(clock.next(), seconds(103) + SurveyClock::kRecentPause);
  clock.Begin(seconds(104));
  clock.ForAge(seconds(40), seconds(104));
  EXPECT_EQ(clock.next(), seconds(105));
}

TEST(SurveyClock, NoMoreThanItsShare) {
  SurveyClock clock;
  base::Duration now = seconds(100), worked{};
  while (now < seconds(160)) {
    clock.Within({}, now);
    if (clock.IsDue(now)) {
      clock.Begin(now);
      clock.End(milliseconds(50));
      now += milliseconds(50);
      worked += milliseconds(50);
    } else {
      now = clock.next();
    }
  }
  EXPECT_LE(worked, seconds(60) / SurveyClock::kShare + SurveyClock::kMostSaved + milliseconds(50));
  EXPECT_GE(worked, seconds(60) / SurveyClock::kShare);
}

}  // namespace
}  // namespace quaywatch::enrich::host
