// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyze/fake_context.h"

namespace quaywatch::analyze::irc {
extern const AnalyzerSpec kSpec;
namespace {

using model::Direction;
using testing::ElementsAre;
using testing::IsEmpty;

// Lines with "> " come from the client, with "< " from the server; in pieces of `cut` bytes.
struct Irc {
  explicit Irc(const std::vector<std::string_view>& lines, size_t cut = 1000) {
    for (const std::string_view line : lines) {
      const Direction from = line[0] == '>' ? Direction::kOrig : Direction::kResp;
      for (std::string_view left = line.substr(2); !left.empty(); left.remove_prefix(std::min(cut, left.size()))) {
        if (!context.violated) analyzer->OnStream(from, base::AsBytes(left.substr(0, cut)));
      }
    }
  }
  FakeContext context{kSpec};
  std::unique_ptr<Analyzer> analyzer = kSpec.make(context);
};

TEST(Irc, GoesOverToTls) {
  for (size_t cut = 1; cut < 10; ++cut) {
    const Irc irc({"> STARTTLS\r\n", "< :irc.example.org 670  :go ahead\r\n\x16\x03", "> hello"}, cut);
    EXPECT_TRUE(irc.context.confirmed);
    EXPECT_EQ(irc.context.handed_over_to, "ssl");
    EXPECT_EQ(irc.context.bytes_handed_over, "\x16\x03hello");
  }
}

TEST(Irc, CommandsAreKnown) {
  const Irc irc({"> NICK me\r\nUSER me 0 * :Me\r\n", "< :server NOTICE * :hi\r\n:server 001 me :Welcome\r\n",
                 "> PRIVMSG #a :hello\r\n"});
  EXPECT_TRUE(irc.context.confirmed);
  EXPECT_THAT(irc.context.weirds, IsEmpty());
}

TEST(Irc, OddLines) {
  EXPECT_THAT(Irc({"> a\r\n", "> :lonely\r\n"}).context.weirds, ElementsAre("irc_line_too_short", "irc_invalid_line"));
  const std::string long_line = "> " + std::string(600, 'x') + "\r\n";
  EXPECT_THAT(Irc({long_line}).context.weirds, ElementsAre("irc_line_size_exceeded"));
}

TEST(Irc, OtherProtocolsAreViolations) {
  EXPECT_TRUE(Irc({"< 22\xff binary\r\n"}).context.violated);
  const Irc command({"> {\"json\": 1}\r\n"});
  EXPECT_THAT(command.context.weirds, ElementsAre("irc_invalid_command"));
  EXPECT_TRUE(command.context.violated);
  EXPECT_FALSE(command.context.confirmed);
}

TEST(IrcProbe, NeedsBothSides) {
  const auto probe = [](std::string_view orig, std::string_view resp) {
    return kSpec.probe_tcp({base::AsBytes(orig), base::AsBytes(resp)});
  };
  EXPECT_EQ(probe("NICK me\r\nuser me 0 * :Me\r\n", ""), ProbeResult::kMore);
  EXPECT_EQ(probe("NICK me\r\nuser me 0 * :Me\r\n", ":s NOTICE * :hi\r\n:s 001 me :hi\r\n"), ProbeResult::kYes);
  EXPECT_EQ(probe("USER me\r\nPASS x\r\n", "220 hi\r\n"), ProbeResult::kMore);
  EXPECT_EQ(probe("\x16\x03", ""), ProbeResult::kNo);
}

}  // namespace
}  // namespace quaywatch::analyze::irc
