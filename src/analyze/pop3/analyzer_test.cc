// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyze/fake_context.h"

namespace quaywatch::analyze::pop3 {
extern const AnalyzerSpec kSpec;
namespace {

using model::Direction;
using testing::ElementsAre;
using testing::IsEmpty;

// Remembers the files.
struct Pop3Context : FakeContext {
  struct Recorded : FakeFile {
    explicit Recorded(std::string& to) : text(to) {}
    void Data(base::Bytes bytes) override { text += base::AsText(bytes); }
    void End() override { text += "$"; }
    std::string& text;
  };
  using FakeContext::FakeContext;
  std::unique_ptr<File> OpenFile(const FileOrigin& origin) override {
    EXPECT_EQ(origin.source, "POP3");
    return std::make_unique<Recorded>(files);
  }
  std::string files;
};

// Lines with "> " come from the client, with "< " from the server; in pieces of `cut` bytes.
struct Pop3 {
  explicit Pop3(const std::vector<std::string_view>& lines, size_t cut = 1000) {
    for (const std::string_view line : lines) {
      const Direction from = line[0] == '>' ? Direction::kOrig : Direction::kResp;
      for (std::string_view left = line.substr(2); !left.empty(); left.remove_prefix(std::min(cut, left.size()))) {
        if (!context.violated && !context.finished) analyzer->OnStream(from, base::AsBytes(left.substr(0, cut)));
      }
    }
    analyzer->OnClose();
  }
  Pop3Context context{kSpec};
  std::unique_ptr<Analyzer> analyzer = kSpec.make(context);
};

TEST(Pop3, GoesOverToTls) {
  for (size_t cut = 1; cut < 10; ++cut) {
    const Pop3 pop3({"< +OK ready\r\n", "> STLS\r\n", "< +OK begin\r\n\x16\x03", "> hello"}, cut);
    EXPECT_TRUE(pop3.context.confirmed);
    EXPECT_EQ(pop3.context.handed_over_to, "ssl");
    EXPECT_EQ(pop3.context.bytes_handed_over, "\x16\x03hello");
  }
}

TEST(Pop3, RefusedTlsIsNone) {
  const Pop3 pop3({"< +OK ready\r\n", "> STLS\r\n", "< -ERR no\r\n"});
  EXPECT_EQ(pop3.context.handed_over_to, "");
  EXPECT_FALSE(pop3.context.violated);
}

TEST(Pop3, MailsAreFiles) {
  for (size_t cut = 1; cut < 10; ++cut) {
    const Pop3 pop3({"< +OK ready\r\n", "> user me\r\n", "< +OK\r\n", "> pass secret\r\n", "< +OK in\r\n", "> list\r\n",
                     "< +OK\r\n1 10\r\n.\r\n", "> retr 1\r\n", "< +OK\r\nSubject: hi\r\n\r\nhello\r\n.\r\n",
                     "> QUIT\r\n", "< +OK bye\r\n"},
                    cut);
    EXPECT_TRUE(pop3.context.confirmed);
    EXPECT_EQ(pop3.context.files, "hello\r\n$");
    EXPECT_THAT(pop3.context.weirds, IsEmpty());
  }
}

TEST(Pop3, CommandsMayBePipelined) {
  const Pop3 pop3({"< +OK ready\r\n", "> user me\r\npass x\r\nretr 1\r\nretr 2\r\n",
                   "< +OK\r\n+OK\r\n+OK\r\n\r\none\r\n.\r\n+OK\r\n\r\ntwo\r\n.\r\n"});
  EXPECT_EQ(pop3.context.files, "one\r\n$two\r\n$");
}

TEST(Pop3, Authentication) {
  const Pop3 good({"< +OK\r\n", "> AUTH PLAIN\r\n", "< + \r\n", "> AG1lAHNlY3JldA==\r\n", "< +OK\r\n", "> STAT\r\n",
                   "< +OK 0 0\r\n"});
  EXPECT_THAT(good.context.weirds, IsEmpty());
  const Pop3 malformed({"< +OK\r\n", "> AUTH PLAIN\r\n", "< + \r\n", "> bWU=\r\n"});
  EXPECT_THAT(malformed.context.weirds, ElementsAre("pop3_malformed_auth_plain"));
  const Pop3 methods({"< +OK\r\n", "> AUTH\r\n", "< +OK\r\nPLAIN\r\nLOGIN\r\n.\r\n", "> CAPA\r\n", "< +OK\r\n"});
  EXPECT_THAT(methods.context.weirds, IsEmpty());
  EXPECT_TRUE(methods.context.confirmed);
}

TEST(Pop3, OddCommands) {
  const Pop3 pop3({"> +OK\r\n", "> HELLO\r\n", "< +OK\r\n"});
  EXPECT_THAT(pop3.context.weirds, ElementsAre("pop3_client_sending_server_commands", "pop3_client_command_unknown"));
  const Pop3 server({"< USER me\r\n"});
  EXPECT_THAT(server.context.weirds, ElementsAre("pop3_server_sending_client_commands"));
}

TEST(Pop3, OtherProtocolsAreViolations) {
  const Pop3 pop3({"> *3\r\n", "< $-1\r\n"});
  EXPECT_THAT(pop3.context.weirds, ElementsAre("pop3_client_command_unknown", "pop3_server_command_unknown"));
  EXPECT_TRUE(pop3.context.violated);
}

TEST(Pop3, PendingCommandsAreBounded) {
  std::string many = "> ";
  for (int i = 0; i < 30; ++i) many += "x" + std::to_string(i) + "\r\n";
  const Pop3 pop3({many});
  EXPECT_TRUE(pop3.context.violated);
  EXPECT_THAT(pop3.context.weirds, testing::Contains("pop3_client_too_many_pending_commands"));
}

TEST(Pop3Probe, NeedsBothSides) {
  const auto probe = [](std::string_view orig, std::string_view resp) {
    return kSpec.probe_tcp({base::AsBytes(orig), base::AsBytes(resp)});
  };
  EXPECT_EQ(probe("", "+O"), ProbeResult::kMore);
  EXPECT_EQ(probe("user me\r\n", "+OK\r\n"), ProbeResult::kYes);
  EXPECT_EQ(probe("noop\r\nCapa\r\n", "+OK\r\n"), ProbeResult::kYes);
  EXPECT_EQ(probe("users\r\n", "+OK\r\n"), ProbeResult::kMore);
  EXPECT_EQ(probe("user me\r\n", "220\r\n"), ProbeResult::kNo);
}

}  // namespace
}  // namespace quaywatch::analyze::pop3
