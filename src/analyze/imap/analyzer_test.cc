// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyze/fake_context.h"

namespace quaywatch::analyze::imap {
extern const AnalyzerSpec kSpec;
namespace {

using model::Direction;
using testing::ElementsAre;

struct Imap : testing::Test {
  void Client(std::string_view text) { analyzer->OnStream(Direction::kOrig, base::AsBytes(text)); }
  void Server(std::string_view text) { analyzer->OnStream(Direction::kResp, base::AsBytes(text)); }
  FakeContext context{kSpec};
  std::unique_ptr<Analyzer> analyzer = kSpec.make(context);
};

TEST_F(Imap, GoesOverToTls) {
  Server("* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n");
  EXPECT_TRUE(context.confirmed);
  Client("a1 STARTTLS\r\n");
  Server("a1 OK begin\r\nrest");
  EXPECT_EQ(context.handed_over_to, "ssl");
  Client("hello");
  EXPECT_EQ(context.bytes_handed_over, "resthello");
}

TEST_F(Imap, TheSameByteByByte) {
  for (const char c : std::string_view("a1 starttls\r\n")) Client({&c, 1});
  for (const char c : std::string_view("a1 OK begin\r\n\x16\x03")) Server({&c, 1});
  EXPECT_EQ(context.handed_over_to, "ssl");
  EXPECT_EQ(context.bytes_handed_over, "\x16\x03");
}

TEST_F(Imap, RefusedIsWeird) {
  Client("a1 STARTTLS\r\n");
  Server("a1 NO sorry\r\n");
  EXPECT_EQ(context.handed_over_to, "");
  EXPECT_THAT(context.weirds, ElementsAre("IMAP: server refused StartTLS"));
}

TEST_F(Imap, MailIsNoImap) {
  Client("a1 FETCH 1 BODY[]\r\n");
  Server("* 1 FETCH (BODY[] {9}\r\nGreetings\r\n");
  EXPECT_TRUE(context.violated);
}

TEST_F(Imap, OtherProtocolsAreViolations) {
  Client("QUIT\r\n");
  EXPECT_TRUE(context.violated);
}

}  // namespace
}  // namespace quaywatch::analyze::imap
