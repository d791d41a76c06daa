// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyze/fake_context.h"

namespace quaywatch::analyze::socks {
extern const AnalyzerSpec kSpec;
namespace {

using model::Direction;
using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::string_literals;

struct Said {
  Direction from;
  std::string bytes;
};
constexpr Direction kOrig = Direction::kOrig;
constexpr Direction kResp = Direction::kResp;

const std::string kGreeting = "\x05\x01\x00"s;
const std::string kChosen = "\x05\x00"s;
const std::string kRequest =
    "\x05\x01\x00\x03\x0b"s
    "example.org\x01\xbb"s;
const std::string kReply = "\x05\x00\x00\x01\x0a\x00\x00\x09\x80\x01"s;

// All that is said, in pieces of `cut` bytes.
struct Socks {
  explicit Socks(const std::vector<Said>& all, size_t cut = 1000) {
    for (const Said& said : all) {
      for (std::string_view left = said.bytes; !left.empty(); left.remove_prefix(std::min(cut, left.size()))) {
        if (!context.violated && !context.finished) analyzer->OnStream(said.from, base::AsBytes(left.substr(0, cut)));
      }
    }
    analyzer->OnClose();
  }
  FakeContext context{kSpec};
  std::unique_ptr<Analyzer> analyzer = kSpec.make(context);
};

TEST(Socks, NamesTheTunnelAndHandsOver) {
  const std::vector<Said> all = {
      {kOrig, kGreeting}, {kResp, kChosen}, {kOrig, kRequest}, {kResp, kReply + "early"}, {kOrig, " late"}};
  for (size_t cut = 1; cut < 20; ++cut) {
    const Socks socks(all, cut);
    EXPECT_TRUE(socks.context.confirmed);
    EXPECT_EQ(socks.context.handed_over_to, "detection");
    EXPECT_EQ(socks.context.bytes_handed_over, "early late");
    ASSERT_EQ(socks.context.lines.size(), 2u);
    EXPECT_THAT(socks.context.lines[0], HasSubstr("tunnel_type=Tunnel::SOCKS action=Tunnel::DISCOVER"));
    EXPECT_THAT(socks.context.lines[1],
                HasSubstr("version=5 status=succeeded request.name=example.org request_p=443 bound.host=10.0.0.9 "
                          "bound_p=32769"));
  }
}

TEST(Socks, ReadsTheUserButNotThePassword) {
  const std::vector<Said> all = {{kOrig, "\x05\x02\x00\x02"s},
                                 {kResp, "\x05\x02"s},
                                 {kOrig,
                                  "\x01\x03"
                                  "bob\x06secret"s},
                                 {kResp, "\x01\x00"s},
                                 {kOrig, kRequest},
                                 {kResp, kReply}};
  for (size_t cut = 1; cut < 20; ++cut) {
    const Socks socks(all, cut);
    ASSERT_EQ(socks.context.lines.size(), 2u);
    EXPECT_THAT(socks.context.lines[1], HasSubstr("version=5 user=bob status=succeeded"));
    EXPECT_THAT(socks.context.lines[1], testing::Not(HasSubstr("secret")));
  }
}

TEST(Socks, TheClientMayNotWait) {
  const Socks socks({{kOrig, kGreeting + kRequest + "hello"}, {kResp, kChosen + kReply}});
  EXPECT_EQ(socks.context.bytes_handed_over, "hello");
}

TEST(Socks, FailureIsRecorded) {
  const Socks socks(
      {{kOrig, kGreeting}, {kResp, kChosen}, {kOrig, kRequest}, {kResp, "\x05\x05\x00\x01"s + std::string(6, '\0')}});
  ASSERT_EQ(socks.context.lines.size(), 2u);
  EXPECT_THAT(socks.context.lines[1], HasSubstr("status=Connection refused"));
}

TEST(Socks, OnlyTheTunnelOfSocks4IsKnown) {
  for (size_t cut = 1; cut < 20; ++cut) {
    const Socks socks({{kOrig,
                        "\x04\x01\x00\x50\x00\x00\x00\x01me\x00"s
                        "example.org\x00"s},
                       {kResp, "\x00\x5a"s}},
                      cut);
    EXPECT_THAT(socks.context.lines, ElementsAre(HasSubstr("Tunnel::SOCKS")));
    EXPECT_TRUE(socks.context.finished);
    EXPECT_FALSE(socks.context.confirmed);
  }
}

TEST(Socks, OddMethods) {
  const Socks gssapi({{kOrig, "\x05\x01\x01"s}, {kResp, "\x05\x01"s}});
  EXPECT_THAT(gssapi.context.weirds, ElementsAre("socks5_unsupported_authentication_method"));
  const Socks version({{kOrig, "\x05\x01\x02"s}, {kResp, "\x05\x02"s}, {kOrig, "\x02"s}});
  EXPECT_THAT(version.context.weirds, ElementsAre("socks5_unsupported_authentication"));
}

TEST(Socks, OtherProtocolsAreViolations) {
  EXPECT_TRUE(Socks({{kOrig, "GET / HTTP/1.1\r\n"}}).context.violated);
  EXPECT_TRUE(Socks({{kOrig, kGreeting}, {kResp, kChosen}, {kOrig, "\x05\x04\x00\x01"s}}).context.violated);
  EXPECT_TRUE(Socks({{kOrig, kGreeting}, {kResp, kChosen + "\x05\x00\x00\x02"s}}).context.violated);
  EXPECT_TRUE(Socks({{kOrig, std::string(5000, '\x05')}}).context.violated);
  EXPECT_TRUE(Socks({{kOrig, "\x04\x01\x00\x50\x01\x01\x01\x01"s + std::string(600, 'u')}}).context.violated);
}

TEST(SocksProbe, NeedsBothSides) {
  const auto probe = [](const std::string& orig, const std::string& resp) {
    return kSpec.probe_tcp({base::AsBytes(orig), base::AsBytes(resp)});
  };
  EXPECT_EQ(probe(kGreeting, ""), ProbeResult::kMore);
  EXPECT_EQ(probe(kGreeting, kChosen), ProbeResult::kYes);
  EXPECT_EQ(probe("\x05\x01\x07"s, kChosen), ProbeResult::kNo);
  EXPECT_EQ(probe("\x04\x01\x00\x50\x01\x01\x01\x01\x00"s, "\x00\x5a"s), ProbeResult::kYes);
  EXPECT_EQ(probe("\x04\x03\x00"s, "\x00\x5a"s), ProbeResult::kNo);
  EXPECT_EQ(probe("GET", ""), ProbeResult::kNo);
}

}  // namespace
}  // namespace quaywatch::analyze::socks
