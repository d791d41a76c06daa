// SPDX-License-Identifier: Apache-2.0
#include "flow/table.h"

#include <gtest/gtest.h>

#include <map>

namespace quaywatch::flow {
namespace {

using std::chrono::seconds;

base::Timestamp At(int64_t second) { return base::Timestamp(seconds(1'700'000'000 + second)); }

FlowKey KeyOf(uint32_t number) {
  FlowKey key;
  std::memcpy(key.address_a.data(), &number, sizeof number);
  key.port_b = 80;
  key.protocol = 6;
  return key;
}

class TableTest : public testing::Test {
 protected:
  Flow& Add(Table& table, uint32_t number, int64_t deadline) {
    const FlowKey key = KeyOf(number);
    EXPECT_EQ(table.Find(key, table.Hash(key), At(0)), nullptr);
    Flow& flow = table.Insert(key, table.Hash(key));
    flow.start = At(number);
    flow.deadline = At(deadline);
    table.Touch(flow);
    return flow;
  }
  Flow* Find(Table& table, uint32_t number, int64_t now) {
    const FlowKey key = KeyOf(number);
    return table.Find(key, table.Hash(key), At(now));
  }

  std::vector<int64_t> ended_;
  Table::FlowEnd on_end_ = [this](Flow& flow, base::Timestamp) { ended_.push_back((flow.start - At(0)) / seconds(1)); };
};

TEST_F(TableTest, FindsWhatWasInserted) {
  Table table({}, on_end_);
  for (uint32_t i = 0; i < 5000; ++i) Add(table, i, 100);
  for (uint32_t i = 0; i < 5000; ++i) ASSERT_NE(Find(table, i, 1), nullptr) << i;
  EXPECT_EQ(table.counters().live, 5000u);
  for (uint32_t i = 0; i < 5000; i += 2) table.Remove(*Find(table, i, 1), At(1));
  for (uint32_t i = 0; i < 5000; ++i) ASSERT_EQ(Find(table, i, 1) != nullptr, i % 2 == 1) << i;
}

TEST_F(TableTest, ExpiresAtTheDeadlineAndNotBefore) {
  Table table({}, on_end_);
  table.Expire(At(0));
  Add(table, 1, 10);
  table.Expire(At(9));
  EXPECT_NE(Find(table, 1, 9), nullptr);
  EXPECT_EQ(Find(table, 1, 10), nullptr) << "over at its deadline, even if the wheel has not come to it";
  EXPECT_EQ(ended_, std::vector<int64_t>{1});
}

TEST_F(TableTest, MovedDeadlinesCount) {
  Table table({}, on_end_);
  table.Expire(At(0));
  Flow& later = Add(table, 1, 10);
  later.deadline = At(1000);
  table.Touch(later);
  Flow& sooner = Add(table, 2, 1000);
  sooner.deadline = At(5);
  table.Touch(sooner);
  table.Expire(At(20));
  EXPECT_EQ(ended_, std::vector<int64_t>{2});
  table.Expire(At(999));
  EXPECT_EQ(ended_.size(), 1u);
  table.Expire(At(1002));
  EXPECT_EQ(ended_, (std::vector<int64_t>{2, 1}));
}

TEST_F(TableTest, EndsAtTheFirstLookAfterTheDeadline) {
  using std::chrono::milliseconds;
  Table table({}, on_end_);
  table.Expire(At(0));
  for (const auto& [number, delay] : {std::pair(1, 30), std::pair(2, 10), std::pair(3, 21)}) {
    Flow& flow = Add(table, static_cast<uint32_t>(number), 11);
    flow.deadline = At(10) + milliseconds(delay);
    table.Touch(flow);
  }
  table.Expire(At(10));
  EXPECT_TRUE(ended_.empty());
  table.Expire(At(10) + milliseconds(20));
  EXPECT_EQ(ended_, std::vector<int64_t>{2});
  Flow& soon = Add(table, 4, 11);
  soon.deadline = At(10) + milliseconds(25);
  table.Touch(soon);
  table.Expire(At(10) + milliseconds(29));
  EXPECT_EQ(ended_, (std::vector<int64_t>{2, 3, 4}));
  table.Expire(At(10) + milliseconds(30));
  EXPECT_EQ(ended_, (std::vector<int64_t>{2, 3, 4, 1}));
}

TEST_F(TableTest, LongSilence) {
  Table table({}, on_end_);
  table.Expire(At(0));
  for (uint32_t i = 0; i < 100; ++i) Add(table, i, 60 + i);
  table.Expire(At(1'000'000));
  EXPECT_EQ(ended_.size(), 100u);
}

TEST_F(TableTest, LimitEndsWhatWouldEndFirst) {
  Table table({.max_flows = 3}, on_end_);
  table.Expire(At(0));
  Add(table, 1, 300);
  Add(table, 2, 5);
  Add(table, 3, 300);
  Add(table, 4, 5);
  EXPECT_EQ(ended_, std::vector<int64_t>{2});
  EXPECT_EQ(table.counters().evicted, 1u);
  EXPECT_EQ(table.counters().live, 3u);
}

TEST_F(TableTest, ClearEndsInOrderOfStart) {
  Table table({}, on_end_);
  for (const uint32_t i : {5u, 1u, 3u}) Add(table, i, 100);
  table.Clear(At(1));
  EXPECT_EQ(ended_, (std::vector<int64_t>{1, 3, 5}));
}

TEST(Conversation, BothDirectionsMeet) {
  model::Datagram there;
  there.transport = model::Transport::kTcp;
  there.ip_proto = 6;
  there.src = *model::IpAddress::Parse("10.0.0.2");
  there.dst = *model::IpAddress::Parse("10.0.0.1");
  there.src_port = 40000;
  there.dst_port = 80;
  model::Datagram back = there;
  std::swap(back.src, back.dst);
  std::swap(back.src_port, back.dst_port);
  EXPECT_EQ(Conversation::Of(there).key, Conversation::Of(back).key);
}

TEST(Conversation, IcmpRequestMeetsItsReply) {
  model::Datagram request;
  request.transport = model::Transport::kIcmp;
  request.ip_proto = 1;
  request.icmp_type = 8;
  request.src = *model::IpAddress::Parse("10.0.0.2");
  request.dst = *model::IpAddress::Parse("10.0.0.1");
  model::Datagram reply = request;
  std::swap(reply.src, reply.dst);
  reply.icmp_type = 0;
  EXPECT_EQ(Conversation::Of(request).key, Conversation::Of(reply).key);
  EXPECT_EQ(Conversation::Of(request).src_port, 8);
  EXPECT_EQ(Conversation::Of(request).dst_port, 0);
  model::Datagram unreachable = request;
  unreachable.icmp_type = 3;
  model::Datagram other = unreachable;
  std::swap(other.src, other.dst);
  EXPECT_NE(Conversation::Of(unreachable).key, Conversation::Of(other).key) << "no answer to it exists";
}

}  // namespace
}  // namespace quaywatch::flow
