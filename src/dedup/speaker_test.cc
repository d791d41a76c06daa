// SPDX-License-Identifier: Apache-2.0
#include "dedup/speaker.h"

#include <gtest/gtest.h>

namespace quaywatch::dedup {
namespace {

using model::Direction;
using model::Sightings;
using std::chrono::milliseconds;

constexpr auto kVethA = Sightings::At(0, 10, false);
constexpr auto kBridge = Sightings::At(0, 3, false);
constexpr auto kVethB = Sightings::At(0, 11, true);

class SpeakerTest : public testing::Test {
 protected:
  bool See(Sightings::Point point, uint32_t packets = 1, Direction from = Direction::kOrig) {
    return Speaks(sightings_, from, point, packets, now_);
  }
  void Wait(base::Duration time) { now_ += time; }

  Sightings sightings_;
  base::Timestamp now_ = base::FromUnixNanos(1'700'000'000'000'000'000);
};

TEST_F(SpeakerTest, CountsEachPacketOnceOnItsFirstInterface) {
  for (int packet = 0; packet < 1000; ++packet) {
    EXPECT_TRUE(See(kVethA));
    EXPECT_FALSE(See(kBridge));
    EXPECT_FALSE(See(kVethB));
    Wait(milliseconds(3));
  }
  EXPECT_EQ(sightings_.count, 3);
}

TEST_F(SpeakerTest, HasASpeakerForEachDirection) {
  EXPECT_TRUE(See(kVethA));
  EXPECT_FALSE(See(kVethB));
  EXPECT_TRUE(See(kVethB, 1, Direction::kResp));
  EXPECT_FALSE(See(kVethA, 1, Direction::kResp));
}

TEST_F(SpeakerTest, TakesTheCopyOfAPacketTheSpeakerMissed) {
  EXPECT_TRUE(See(kVethA));
  EXPECT_FALSE(See(kVethB));
  EXPECT_TRUE(See(kVethB));
  // Both show the third packet: it counts once, whoever of them speaks now.
  EXPECT_NE(See(kVethA), See(kVethB));
  EXPECT_NE(See(kVethA), See(kVethB));
}

TEST_F(SpeakerTest, SuperPacketsAndTheirSegmentsAreTheSamePackets) {
  EXPECT_TRUE(See(kVethA, 45));
  for (int segment = 0; segment < 45; ++segment) EXPECT_FALSE(See(kBridge));
  EXPECT_FALSE(See(kVethB, 45));
  EXPECT_TRUE(See(kVethA, 2));
}

TEST_F(SpeakerTest, FollowsAFlowToAnotherWay) {
  EXPECT_TRUE(See(kVethA));
  EXPECT_TRUE(See(kVethA));
  EXPECT_FALSE(See(kBridge));
  Wait(std::chrono::seconds(2));
  EXPECT_TRUE(See(kBridge));
  EXPECT_TRUE(See(kBridge));
  EXPECT_FALSE(See(kVethB));
}

TEST_F(SpeakerTest, AnotherWayToTheSameInterfaceWithSuperPackets) {
  for (int packet = 0; packet < 30; ++packet) {
    EXPECT_TRUE(See(kVethA));
    EXPECT_FALSE(See(kVethB));
  }
  // More segments at once than it lags behind.
  for (const uint32_t segments : {1u, 12u, 45u, 45u, 1u}) EXPECT_NE(See(kBridge, segments), See(kVethB, segments));
}

TEST_F(SpeakerTest, RemembersNoMoreInterfacesThanItsLimit) {
  EXPECT_TRUE(See(kVethA));
  for (uint32_t i = 0; i < 100; ++i) EXPECT_FALSE(See(Sightings::At(7, 100 + i, false)));
  EXPECT_EQ(sightings_.count, Sightings::kMax);
  EXPECT_EQ(sightings_.more, 100 + 1 - Sightings::kMax);
  EXPECT_TRUE(See(kVethA));
}

}  // namespace
}  // namespace quaywatch::dedup
