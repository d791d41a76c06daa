// SPDX-License-Identifier: Apache-2.0
#include "stream/reassembler.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace quaywatch::stream {
namespace {

class Collector : public StreamSink {
 public:
  void OnBytes(base::Bytes bytes) override { text += base::AsText(bytes); }
  void OnHole(uint64_t length) override { text += "<" + std::to_string(length) + ">"; }
  void OnStreamWeird(std::string_view name) override { weird = name; }
  std::string text;
  std::string weird;
};

class ReassemblerTest : public testing::Test {
 protected:
  void Data(uint64_t seq, std::string_view bytes) { stream_.Data(seq, base::AsBytes(bytes), side_, budget_, out_); }
  void Ack(uint64_t ack) {
    side_.no_data_acked = false;
    side_.relative_ack = ack;
    stream_.Ack(ack, side_, budget_, out_);
  }

  Budget budget_;
  SideView side_;
  Collector out_;
  Reassembler stream_;
};

TEST_F(ReassemblerTest, InOrderIsDeliveredAtOnce) {
  Data(1, "hello ");
  Data(7, "world");
  EXPECT_EQ(out_.text, "hello world");
  EXPECT_EQ(stream_.next_seq(), 12u);
  EXPECT_EQ(budget_.used, 0u);
}

TEST_F(ReassemblerTest, ReorderedIsPutInOrder) {
  Data(7, "world");
  EXPECT_EQ(out_.text, "");
  EXPECT_EQ(budget_.used, 5u);
  Data(1, "hello ");
  EXPECT_EQ(out_.text, "hello world");
  EXPECT_EQ(budget_.used, 0u);
}

TEST_F(ReassemblerTest, FirstCopyOfOverlapCounts) {
  Data(1, "abc");
  Data(2, "XYde");
  EXPECT_EQ(out_.text, "abcde");
}

TEST_F(ReassemblerTest, FirstCopyAboveAHoleCounts) {
  Data(5, "EF");
  Data(3, "cdefgh");  // around it
  Data(1, "ab");
  EXPECT_EQ(out_.text, "abcdEFgh");
}

TEST_F(ReassemblerTest, AcknowledgedHoleIsGivenUp) {
  Data(1, "ab");
  Data(5, "ef");
  Ack(7);
  EXPECT_EQ(out_.text, "ab<2>ef");
  Data(3, "cd");  // too late
  EXPECT_EQ(out_.text, "ab<2>ef");
}

TEST_F(ReassemblerTest, AcknowledgedFinIsNoData) {
  Data(1, "ab");
  side_.has_fin = true;
  side_.fin_seq = 4;  // one past the FIN at 3
  Ack(4);
  EXPECT_EQ(out_.text, "ab");
}

TEST_F(ReassemblerTest, GuessedBeginningOfPartialConnectionIsNoHole) {
  side_.is_partial = true;
  Ack(2);
  EXPECT_EQ(out_.text, "");
}

TEST_F(ReassemblerTest, MuchAboveAHoleWithoutAcknowledgementIsGivenUp) {
  Data(100, std::string(Reassembler::kMaxAboveHoleUnacked, 'x'));
  EXPECT_EQ(out_.weird, "above_hole_data_without_any_acks");
  EXPECT_TRUE(stream_.given_up());
  EXPECT_EQ(budget_.used, 0u);
}

TEST_F(ReassemblerTest, TotalMemoryIsLimited) {
  budget_.limit = 10;
  side_.no_data_acked = false;
  Data(100, std::string(11, 'x'));
  EXPECT_EQ(out_.weird, "reassembly_memory_exceeded");
  EXPECT_EQ(budget_.given_up, 1u);
  EXPECT_EQ(budget_.used, 0u);
}

TEST_F(ReassemblerTest, ManySmallHolesAreLimited) {
  side_.no_data_acked = false;
  for (uint64_t i = 1; i <= Reassembler::kMaxBlocks + 1; ++i) Data(i * 2, "x");
  EXPECT_EQ(out_.weird, "reassembly_memory_exceeded");
}

TEST_F(ReassemblerTest, DestructionGivesMemoryBack) {
  {
    Reassembler other;
    other.Data(10, base::AsBytes("abc"), side_, budget_, out_);
    EXPECT_EQ(budget_.used, 3u);
  }
  EXPECT_EQ(budget_.used, 0u);
}

// Any order, any overlap: the same bytes come out.
TEST(Reassembler, RandomSegmentsOfOneText) {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += static_cast<char>('a' + i % 26);
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::pair<size_t, size_t>> segments;
    for (size_t at = 0; at < text.size();) {
      const size_t length = 1 + random() % 90;
      const size_t back = std::min<size_t>(at, random() % 40);
      segments.emplace_back(at - back, std::min(length + back, text.size() - (at - back)));
      at += length;
    }
    // Shuffled within a window, as networks do.
    for (size_t i = 0; i + 8 < segments.size(); ++i) std::swap(segments[i], segments[i + random() % 8]);
    Budget budget;
    Collector out;
    Reassembler stream;
    SideView side{.no_data_acked = false};
    for (const auto& [at, length] : segments) {
      stream.Data(at + 1, base::AsBytes(std::string_view(text).substr(at, length)), side, budget, out);
    }
    ASSERT_EQ(out.text, text) << "seed " << seed;
    ASSERT_EQ(budget.used, 0u);
  }
}

}  // namespace
}  // namespace quaywatch::stream
