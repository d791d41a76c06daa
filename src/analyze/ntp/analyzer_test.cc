// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "analyze/fake_context.h"

namespace quaywatch::analyze::ntp {
extern const AnalyzerSpec kSpec;
namespace {

using namespace std::string_literals;

const std::string kAnswer =
    "\x24\x02\x06\xe8"                    // version 4, server; stratum 2, 2^6, 2^-24
    "\x00\x00\x05\x9f\x00\x00\x07\x4c"    // root delay, dispersion
    "\x81\x07\x01\x42"                    // 129.7.1.66
    "\xe7\x6a\x88\x1e\xee\x6e\x24\x00"    // reference
    "\xe7\x6a\x8a\x03\x80\x00\x00\x00"    // origin
    "\xe7\x6a\x8a\x03\xe5\x27\x00\x00"    // receive
    "\xe7\x6a\x8a\x03\xe5\x2a\x00\x00"s;  // transmit

struct Flow {
  Flow() : context(kSpec, model::Transport::kUdp), analyzer(kSpec.make(context)) {}
  void Send(const std::string& bytes) {
    analyzer->OnDatagram(model::Direction::kOrig, base::AsBytes(bytes), static_cast<uint32_t>(bytes.size()));
  }
  FakeContext context;
  std::unique_ptr<Analyzer> analyzer;
};

testing::AssertionResult Has(const std::string& line, std::string_view part) {
  if (line.find(part) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << line;
}

TEST(Ntp, Answer) {
  ASSERT_EQ(kAnswer.size(), 48u);
  Flow flow;
  flow.Send(kAnswer);
  ASSERT_EQ(flow.context.lines.size(), 1u);
  EXPECT_TRUE(flow.context.confirmed);
  EXPECT_TRUE(Has(flow.context.lines[0], "version=4 mode=4 stratum=2 poll=64.000000 precision=0.000000"));
  EXPECT_TRUE(Has(flow.context.lines[0], "ref_id=129.7.1.66 ref_time=1673529758.931368 org_time=1673530243.500000"));
  EXPECT_TRUE(Has(flow.context.lines[0], "num_exts=0"));
}

TEST(Ntp, KissCodeAndClockNames) {
  Flow flow;
  std::string message = kAnswer;
  message[1] = 0;
  message.replace(12, 4, "RATE");
  flow.Send(message);
  message[1] = 1;
  message.replace(12, 4, "GPS\0"s);
  flow.Send(message);
  ASSERT_EQ(flow.context.lines.size(), 2u);
  EXPECT_TRUE(Has(flow.context.lines[0], "stratum=0"));
  EXPECT_TRUE(Has(flow.context.lines[0], "ref_id=RATE"));
  EXPECT_TRUE(Has(flow.context.lines[1], "ref_id=GPS"));
}

TEST(Ntp, ZeroTimesAndExtremeExponents) {
  Flow flow;
  std::string message = "\x1b"s + std::string(47, '\0');
  message[2] = '\x20';
  message[3] = '\x80';
  flow.Send(message);
  message[2] = '\x7f';
  flow.Send(message);
  ASSERT_EQ(flow.context.lines.size(), 2u);
  EXPECT_TRUE(Has(flow.context.lines[0], "version=3 mode=3 stratum=0 poll=4294967296.000000 precision=0.000000"));
  EXPECT_TRUE(Has(flow.context.lines[0], "xmt_time=0.000000"));
}

TEST(Ntp, DigestsAndExtensions) {
  Flow flow;
  flow.Send(kAnswer + std::string(20, 'm'));
  flow.Send(kAnswer + std::string(24, 'm'));
  // Autokey: kind, length, association, two stamps, 4 bytes of value, no signature, padding.
  const std::string extension =
      "\x02\x01\0\x20\0\x01\0\0\0\x01\0\0\0\x02\0\0\0\x04valu\0\0\0\0"s + std::string(6, '\0');
  ASSERT_EQ(extension.size(), 32u);
  flow.Send(kAnswer + extension + extension + std::string(20, 'm'));
  ASSERT_EQ(flow.context.lines.size(), 3u);
  EXPECT_TRUE(Has(flow.context.lines[1], "num_exts=0"));
  EXPECT_TRUE(Has(flow.context.lines[2], "num_exts=2"));
  EXPECT_FALSE(flow.context.violated);
  flow.Send(kAnswer + std::string(40, '\xff'));
  EXPECT_TRUE(flow.context.violated);
}

TEST(Ntp, OtherModes) {
  Flow flow;
  flow.Send("\x16\x02\0\x01\0\0\0\0\0\0\0\0"s);  // control
  flow.Send("\x17\0\x03\x2a\0\0\0\0"s);          // private: monlist
  EXPECT_TRUE(flow.context.confirmed);
  EXPECT_TRUE(flow.context.lines.empty());
  flow.Send("\x20"s);
  ASSERT_EQ(flow.context.lines.size(), 1u);
  EXPECT_TRUE(Has(flow.context.lines[0], "version=4 mode=0 num_exts=0"));
}

TEST(Ntp, Short) {
  for (size_t size = 0; size < 48; ++size) {
    Flow flow;
    flow.Send(kAnswer.substr(0, size));
    EXPECT_EQ(flow.context.lines.size(), 0u) << size;
    EXPECT_TRUE(flow.context.violated) << size;
  }
}

TEST(Ntp, Probe) {
  const auto probe = [](const std::string& answer) { return kSpec.probe_udp({{}, base::AsBytes(answer)}); };
  EXPECT_EQ(probe(kAnswer), ProbeResult::kYes);
  EXPECT_EQ(probe(kAnswer + "x"), ProbeResult::kMore);
  EXPECT_EQ(probe(std::string(48, '\0')), ProbeResult::kNo);
  EXPECT_EQ(probe(std::string(48, '\x24')), ProbeResult::kNo);
}

}  // namespace
}  // namespace quaywatch::analyze::ntp
