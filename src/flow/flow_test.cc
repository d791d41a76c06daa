// SPDX-License-Identifier: Apache-2.0
#include "flow/flow.h"

#include <gtest/gtest.h>

namespace quaywatch::flow {
namespace {

using std::chrono::milliseconds;

base::Timestamp At(int64_t seconds_tenths) { return base::FromUnixNanos(0) + milliseconds(100 * seconds_tenths); }

constexpr base::Duration kInterval = std::chrono::seconds(10);
constexpr base::Duration kSilence = std::chrono::seconds(9);

// Times are tenths of a second; the flow's first packet came at 0.
TEST(InactivityLook, InBusyTrafficItLooksEveryInterval) {
  InactivityLook look{kInterval, kSilence, At(100)};
  EXPECT_EQ(look.Deadline(At(0)), At(100));
  EXPECT_EQ(look.Deadline(At(11)), At(200));
  EXPECT_FALSE(look.Ended(At(11), At(189), At(190)));
  EXPECT_EQ(look.next, At(200));
  EXPECT_TRUE(look.Ended(At(11), At(204), At(205)));
}

TEST(InactivityLook, WithoutOtherPacketsTheNextOneLooks) {
  InactivityLook look{kInterval, kSilence, At(100)};
  EXPECT_TRUE(look.Ended(At(92), At(95), At(190)));
  look.next = At(100);
  EXPECT_FALSE(look.Ended(At(92), At(95), At(150)));
  EXPECT_EQ(look.next, At(250));
}

TEST(Flow, ExchangesNamesButNotCounts) {
  Flow flow;
  flow.id.orig_p = {53};
  flow.id.resp_p = {40000};
  flow.AddHistory('D');
  flow.side(model::Direction::kOrig).packets = 1;
  flow.FlipNames();
  EXPECT_EQ(flow.id.orig_p.number, 40000);
  EXPECT_EQ(flow.history, "D^");
  EXPECT_EQ(flow.side(model::Direction::kOrig).packets, 1u);
}

}  // namespace
}  // namespace quaywatch::flow
