// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyze/fake_context.h"

namespace quaywatch::analyze::mysql {
extern const AnalyzerSpec kSpec;
namespace {

using model::Direction;
using namespace std::string_literals;

constexpr Direction kOrig = Direction::kOrig;
constexpr Direction kResp = Direction::kResp;

struct Said {
  Direction from;
  std::string bytes;
};

// All that is said, in pieces of `cut` bytes.
struct Mysql {
  explicit Mysql(const std::vector<Said>& all, size_t cut = 1000) {
    for (const Said& said : all) {
      for (std::string_view left = said.bytes; !left.empty(); left.remove_prefix(std::min(cut, left.size()))) {
        if (!context.violated && !context.finished) analyzer->OnStream(said.from, base::AsBytes(left.substr(0, cut)));
      }
    }
  }
  FakeContext context{kSpec};
  std::unique_ptr<Analyzer> analyzer = kSpec.make(context);
};

std::string Packet(uint8_t number, const std::string& content) {
  return std::string{static_cast<char>(content.size()), 0, 0, static_cast<char>(number)} + content;
}

const std::string kGreeting = Packet(0,
                                     "\x0a"s
                                     "8.0.36\x00"s +
                                         std::string(60, '\x01'));
const std::string kTls = Packet(1, "\x05\xae\x03\x00"s + std::string(28, '\0'));
const std::string kPlain = Packet(1, "\x05\xa6\x03\x00"s + std::string(28, '\0') + "root\x00"s);

TEST(Mysql, GoesOverToTls) {
  for (size_t cut = 1; cut < 40; ++cut) {
    const Mysql mysql({{kResp, kGreeting}, {kOrig, kTls + "\x16\x03"}, {kResp, "hello"}}, cut);
    EXPECT_TRUE(mysql.context.confirmed);
    EXPECT_EQ(mysql.context.handed_over_to, "ssl") << cut;
    EXPECT_EQ(mysql.context.bytes_handed_over, "\x16\x03hello") << cut;
  }
}

TEST(Mysql, StaysInTheOpen) {
  for (size_t cut = 1; cut < 40; ++cut) {
    const Mysql mysql({{kResp, kGreeting}, {kOrig, kPlain}}, cut);
    EXPECT_TRUE(mysql.context.confirmed);
    EXPECT_TRUE(mysql.context.finished);
    EXPECT_EQ(mysql.context.handed_over_to, "");
  }
}

TEST(Mysql, OtherProtocolsAreViolations) {
  EXPECT_TRUE(Mysql({{kOrig, "GET / HTTP/1.1\r\n"}}).context.violated);
  EXPECT_TRUE(Mysql({{kResp, "SSH-2.0-x\r\n"}}).context.violated);
  EXPECT_TRUE(Mysql({{kResp, Packet(0, "\x0a\x01\x02"s)}}).context.violated);
  EXPECT_TRUE(Mysql({{kResp, kGreeting}, {kOrig, Packet(1, "ab") + "abcd"}}).context.violated);
}

TEST(MysqlProbe, KnowsGreetings) {
  const auto probe = [](const std::string& orig, const std::string& resp) {
    return kSpec.probe_tcp({base::AsBytes(orig), base::AsBytes(resp)});
  };
  EXPECT_EQ(probe("", kGreeting.substr(0, 20)), ProbeResult::kMore);
  EXPECT_EQ(probe("", kGreeting), ProbeResult::kYes);
  EXPECT_EQ(probe("GET /", ""), ProbeResult::kNo);
  EXPECT_EQ(probe("", "220 hello\r\n"), ProbeResult::kNo);
}

}  // namespace
}  // namespace quaywatch::analyze::mysql
