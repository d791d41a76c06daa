// SPDX-License-Identifier: Apache-2.0
#include "flow/tcp_state.h"

#include <gtest/gtest.h>

#include "flow/conn_record.h"
#include "flow/flow.h"

namespace quaywatch::flow {
namespace {

using model::Direction;
constexpr auto kOrig = Direction::kOrig;
constexpr auto kResp = Direction::kResp;

class Observer : public TcpObserver {
 public:
  explicit Observer(Flow& flow) : flow_(flow) {}
  void TcpWeird(std::string_view name, std::string_view, bool) override { weirds.emplace_back(name); }
  bool did_weird() const override { return !weirds.empty(); }
  void AddHistory(char letter) override { flow_.AddHistory(letter); }
  void FlipRoles(bool rewrite) override { flow_.FlipRoles(rewrite); }
  void SetLastTime(base::Timestamp time) override { flow_.last_time = time; }
  base::Timestamp last_time() const override { return flow_.last_time; }
  std::vector<std::string> weirds;

 private:
  Flow& flow_;
};

// Segments by hand; sequence numbers begin at 1000 (originator) and 5000 (responder).
class TcpStateTest : public testing::Test {
 protected:
  TcpStep Send(Direction from, uint16_t flags, uint32_t seq, uint32_t ack, uint32_t length = 0) {
    model::Datagram d;
    d.ts = base::FromUnixNanos(++now_ * 1'000'000'000);
    d.tcp.flags = flags;
    d.tcp.seq = seq;
    d.tcp.ack = ack;
    d.tcp.window = 1000;
    d.payload_length = length;
    const TcpStep step = tcp_.Segment(d, from, observer_);
    if (step.do_close) tcp_.Close(step.flipped ? Reverse(from) : from, false, observer_);
    return step;
  }
  void Handshake() {
    Send(kOrig, model::kSyn, 1000, 0);
    Send(kResp, model::kSyn | model::kAck, 5000, 1001);
    Send(kOrig, model::kAck, 1001, 5001);
  }
  std::string_view State() const { return tcp_.ConnState(flow_.history); }

  Flow flow_;
  Observer observer_{flow_};
  TcpState tcp_;
  int64_t now_ = 1'700'000'000;
};

TEST_F(TcpStateTest, WholeConnection) {
  Handshake();
  EXPECT_EQ(State(), "S1");
  TcpStep step = Send(kOrig, model::kAck | model::kPsh, 1001, 5001, 10);
  EXPECT_TRUE(step.deliver);
  EXPECT_EQ(step.data_seq, 1u);
  Send(kResp, model::kAck, 5001, 1011, 20);
  Send(kOrig, model::kFin | model::kAck, 1011, 5021);
  EXPECT_EQ(State(), "S2");
  Send(kResp, model::kFin | model::kAck, 5021, 1012);
  Send(kOrig, model::kAck, 1012, 5022);
  EXPECT_EQ(State(), "SF");
  EXPECT_EQ(flow_.history, "ShADdFf");
  EXPECT_EQ(tcp_.Size(kOrig), 10u);
  EXPECT_EQ(tcp_.Size(kResp), 20u);
  EXPECT_TRUE(tcp_.both_closed());
  EXPECT_TRUE(observer_.weirds.empty());
}

TEST_F(TcpStateTest, NoAnswer) {
  Send(kOrig, model::kSyn, 1000, 0);
  EXPECT_EQ(State(), "S0");
  EXPECT_EQ(tcp_.Deadline(flow_.last_time, flow_.last_time, {}), flow_.last_time + TcpState::kAttemptDelay);
}

TEST_F(TcpStateTest, Refused) {
  Send(kOrig, model::kSyn, 1000, 0);
  Send(kResp, model::kRst | model::kAck, 0, 1001);
  EXPECT_EQ(State(), "REJ");
  EXPECT_EQ(flow_.history, "Sr");
}

TEST_F(TcpStateTest, ResetByOriginator) {
  Handshake();
  Send(kOrig, model::kRst, 1001, 0);
  EXPECT_EQ(State(), "RSTO");
}

TEST_F(TcpStateTest, SynThenReset) {
  Send(kOrig, model::kSyn, 1000, 0);
  Send(kOrig, model::kRst, 1001, 0);
  EXPECT_EQ(State(), "RSTOS0");
}

TEST_F(TcpStateTest, RetransmissionsAreNotedAtPowersOfTen) {
  Handshake();
  Send(kOrig, model::kAck, 1001, 5001, 10);
  for (int i = 0; i < 12; ++i) Send(kOrig, model::kAck, 1001, 5001, 10);
  EXPECT_EQ(flow_.history, "ShADTT");
}

TEST_F(TcpStateTest, MidStream) {
  Send(kOrig, model::kAck, 1001, 5001, 10);
  EXPECT_TRUE(tcp_.is_partial());
  Send(kResp, model::kAck, 5001, 1011, 5);
  EXPECT_EQ(State(), "OTH");
  EXPECT_EQ(flow_.history, "Dd");
  EXPECT_EQ(tcp_.Size(kOrig), 10u);
}

TEST_F(TcpStateTest, SynAckFirstIsFlippedWhenItGoesOn) {
  Send(kOrig, model::kSyn | model::kAck, 5000, 1001);
  EXPECT_EQ(observer_.weirds, std::vector<std::string>{"connection_originator_SYN_ack"});
  const TcpStep step = Send(kResp, model::kAck, 1001, 5001);
  EXPECT_TRUE(step.flipped);
  EXPECT_EQ(flow_.history, "^hA");
  EXPECT_FALSE(tcp_.is_partial());
}

TEST_F(TcpStateTest, GapsCountOnlyWhileEstablished) {
  EXPECT_FALSE(tcp_.Gap(kOrig, observer_));
  Handshake();
  EXPECT_TRUE(tcp_.Gap(kResp, observer_));
  EXPECT_EQ(flow_.history, "ShAg");
}

TEST_F(TcpStateTest, SequenceNumbersWrap) {
  Send(kOrig, model::kSyn, 0xfffffff0u, 0);
  Send(kResp, model::kSyn | model::kAck, 5000, 0xfffffff1u);
  Send(kOrig, model::kAck, 0xfffffff1u, 5001);
  const TcpStep first = Send(kOrig, model::kAck, 0xfffffff1u, 5001, 32);
  EXPECT_EQ(first.data_seq, 1u);
  const TcpStep second = Send(kOrig, model::kAck, 0x11u, 5001, 8);
  EXPECT_EQ(second.data_seq, 33u);
  EXPECT_EQ(tcp_.Size(kOrig), 40u);
}

TEST_F(TcpStateTest, NewSynAfterCloseIsAnotherConnection) {
  Handshake();
  Send(kOrig, model::kFin | model::kAck, 1001, 5001);
  Send(kResp, model::kFin | model::kAck, 5001, 1002);
  model::Datagram syn;
  syn.tcp.flags = model::kSyn;
  syn.tcp.seq = 9000;
  EXPECT_TRUE(tcp_.IsReuse(syn, flow_.last_time + std::chrono::seconds(1), observer_));
  EXPECT_EQ(observer_.weirds.back(), "premature_connection_reuse");
}

TEST_F(TcpStateTest, PendingDataDefersTheEnd) {
  Handshake();
  tcp_.Close(kOrig, /*pending=*/true, observer_);
  EXPECT_FALSE(tcp_.end(kOrig).did_close);
  tcp_.EndOfStream(kOrig, false, observer_);
  EXPECT_TRUE(tcp_.end(kOrig).did_close);
}

TEST(IsPowerOfTen, Values) {
  EXPECT_TRUE(IsPowerOfTen(1));
  EXPECT_TRUE(IsPowerOfTen(10));
  EXPECT_TRUE(IsPowerOfTen(1000000));
  EXPECT_FALSE(IsPowerOfTen(0));
  EXPECT_FALSE(IsPowerOfTen(2));
  EXPECT_FALSE(IsPowerOfTen(11));
}

}  // namespace
}  // namespace quaywatch::flow
