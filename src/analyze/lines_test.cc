// SPDX-License-Identifier: Apache-2.0
#include "analyze/lines.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "analyze/fake_context.h"

namespace quaywatch::analyze {
namespace {

class Collector : public LineSink {
 public:
  Collector() : oddities_(context), lines(*this, oddities_) {}

  void OnLine(std::string_view line, bool ended) override {
    out.push_back((ended ? "L" : "P") + std::string(line));
    if (line == "plain 5") lines.SetPlain(5);
    if (line == "block 4") lines.SetBlock(4);
    if (line == "crlf") lines.SetEnds(Lines::Ends::kCrlfOnly);
    if (line == "stop") lines.Stop();
  }
  void OnPlain(base::Bytes bytes) override {
    if (out.empty() || out.back()[0] != '=') out.push_back("=");
    out.back() += base::AsText(bytes);
  }

 private:
  static inline const AnalyzerSpec kNoSpec{};

 public:
  FakeContext context{kNoSpec};

 private:
  LineOddities oddities_;

 public:
  Lines lines;
  std::vector<std::string> out;
};

std::vector<std::string> Cut(std::string_view text, const std::vector<size_t>& cuts) {
  Collector collector;
  size_t begin = 0;
  for (size_t i = 0; i <= cuts.size(); ++i) {
    const size_t end = i < cuts.size() ? cuts[i] : text.size();
    collector.lines.Feed(base::AsBytes(text.substr(begin, end - begin)));
    begin = end;
  }
  collector.lines.Finish();
  collector.out.insert(collector.out.end(), collector.context.weirds.begin(), collector.context.weirds.end());
  return collector.out;
}

using Strings = std::vector<std::string>;

TEST(Lines, AnyEndIsAnEnd) {
  EXPECT_EQ(Cut("a\r\nb\nc\r\n\r\nd", {}), (Strings{"La", "Lb", "Lc", "L", "Ld"}));
  EXPECT_EQ(Cut("a\rb\r\rc\r\n", {}), (Strings{"La", "Lb", "L", "Lc", "line_terminated_with_single_CR"}));
}

TEST(Lines, PlainBytesBetweenLines) {
  EXPECT_EQ(Cut("plain 5\r\n1\r\n45next\r\n", {}), (Strings{"Lplain 5", "=1\r\n45", "Lnext"}));
  EXPECT_EQ(Cut("plain 5\n12345", {}), (Strings{"Lplain 5", "=12345"}));
}

TEST(Lines, ABlockEndsALine) {
  EXPECT_EQ(Cut("block 4\r\na\r\nbGET\r\n", {}),
            (Strings{"Lblock 4", "La", "Lb", "LGET", "line_terminated_without_CRLF"}));
  EXPECT_EQ(Cut("block 4\r\nab\r\nGET\r\n", {}), (Strings{"Lblock 4", "Lab", "LGET"}));
}

TEST(Lines, OnlyCrlf) {
  EXPECT_EQ(Cut("crlf\r\na\rb\nc\r\nd\r\r\ne", {}),
            (Strings{"Lcrlf", "La\rb\nc", "Ld\r", "line_terminated_with_single_LF"}));
}

TEST(Lines, StopLeavesTheRest) {
  Collector collector;
  EXPECT_EQ(collector.lines.Feed(base::AsBytes("a\r\nstop\r\nrest")), 9u);
  EXPECT_EQ(collector.out, (Strings{"La", "Lstop"}));
}

TEST(Lines, ALongLineComesInPieces) {
  const std::string text = std::string(kMaxLine + 10, 'x') + "\nb\n";
  const Strings whole = Cut(text, {});
  ASSERT_EQ(whole.size(), 4u);
  EXPECT_EQ(whole[0], "P" + std::string(kMaxLine, 'x'));
  EXPECT_EQ(whole[1], "L" + std::string(10, 'x'));
  EXPECT_EQ(whole[3], "contentline_size_exceeded");
  EXPECT_EQ(Cut(text, {100, kMaxLine - 1, kMaxLine + 3}), whole);
}

TEST(Lines, TheCutDoesNotMatter) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    while (text.size() < 60) {
      static constexpr std::string_view kPieces[] = {"\r", "\n", "\r\n", "ab", "c", "block 4\r\n", "plain 5\r\n"};
      text += kPieces[random() % std::size(kPieces)];
      if (random() % 50 == 0) text += "crlf\r\n";
    }
    const Strings whole = Cut(text, {});
    for (size_t at = 0; at < text.size(); ++at) ASSERT_EQ(Cut(text, {at}), whole) << testing::PrintToString(text) << at;
    std::vector<size_t> all(text.size());
    for (size_t at = 0; at < text.size(); ++at) all[at] = at;
    ASSERT_EQ(Cut(text, all), whole) << testing::PrintToString(text);
  }
}

}  // namespace
}  // namespace quaywatch::analyze
