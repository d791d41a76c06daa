// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <utility>

#include "analyze/fake_context.h"
#include "analyze/ftp/parse.h"
#include "analyze/ftp/path.h"

namespace quaywatch::analyze::ftp {
extern const AnalyzerSpec kSpec;
namespace {

using model::Direction;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Dialogue = std::vector<std::pair<Direction, std::string>>;

constexpr Direction kClient = Direction::kOrig;
constexpr Direction kServer = Direction::kResp;

template <typename NextSize>
void Feed(FakeContext& context, const Dialogue& dialogue, NextSize next_size) {
  const auto analyzer = kSpec.make(context);
  for (const auto& [from, text] : dialogue) {
    for (size_t at = 0; at < text.size();) {
      const std::string_view piece = std::string_view(text).substr(at, next_size());
      analyzer->OnStream(from, base::AsBytes(piece));
      at += piece.size();
    }
  }
  analyzer->OnClose();
}

void FeedWhole(FakeContext& context, const Dialogue& dialogue) {
  Feed(context, dialogue, [] { return std::string::npos; });
}

const Dialogue kDownload = {
    {kServer, "220-Welcome\r\n220 ready\r\n"},
    {kClient, "USER anna\r\n"},
    {kServer, "331 Password?\r\n"},
    {kClient, "PASS secret\r\n"},
    {kServer, "230 In\r\n"},
    {kClient, "CWD /pub/x\r\n"},
    {kServer, "250 ok\r\n"},
    {kClient, "PASV\r\n"},
    {kServer, "227 Entering Passive Mode (10,0,0,2,4,1)\r\n"},
    {kClient, "RETR ../a.txt\r\n"},
    {kServer, "150 Opening data connection (77 bytes)\r\n226 Done\r\n"},
    {kClient, "QUIT\r\n"},
    {kServer, "221 Bye\r\n"},
};

TEST(Ftp, Records) {
  FakeContext context(kSpec);
  FeedWhole(context, kDownload);
  ASSERT_EQ(context.lines.size(), 2u);
  EXPECT_THAT(context.lines[0], HasSubstr("user=anna password=<hidden> command=PASV reply_code=227 "
                                          "reply_msg=Entering Passive Mode (10,0,0,2,4,1) data_channel.passive=T "
                                          "data_channel.orig_h=10.0.0.1 data_channel.resp_h=10.0.0.2 "
                                          "data_channel.resp_p=1025"));
  EXPECT_THAT(context.lines[1], HasSubstr("command=RETR arg=ftp://10.0.0.2/pub/a.txt file_size=77 reply_code=226 "
                                          "reply_msg=Done"));
  EXPECT_THAT(context.expected, ElementsAre("ftp-data 10.0.0.2 1025"));
  EXPECT_THAT(context.weirds, IsEmpty());
}

TEST(Ftp, CutAnywhere) {
  FakeContext whole(kSpec);
  FeedWhole(whole, kDownload);
  FakeContext bytes(kSpec);
  Feed(bytes, kDownload, [] { return 1; });
  EXPECT_EQ(bytes.lines, whole.lines);
  std::minstd_rand random(7);
  for (int round = 0; round < 50; ++round) {
    FakeContext cut(kSpec);
    Feed(cut, kDownload, [&random] { return 1 + random() % 30; });
    EXPECT_EQ(cut.lines, whole.lines);
  }
}

TEST(Ftp, ActiveMode) {
  FakeContext context(kSpec);
  FeedWhole(context, {{kServer, "220 hi\r\n"},
                      {kClient, "USER anonymous\r\nPASS me@here\r\nEPRT |2|2001:db8::1|4000|\r\nPORT 10,0,0,1,1,0\r\n"},
                      {kServer, "331 ok\r\n230 ok\r\n200 EPRT ok\r\n200 PORT ok\r\n"}});
  EXPECT_THAT(context.expected, ElementsAre("ftp-data 2001:db8::1 4000", "ftp-data 10.0.0.1 256"));
  ASSERT_EQ(context.lines.size(), 2u);
  EXPECT_THAT(context.lines[0], HasSubstr("password=me@here command=EPRT arg=|2|2001:db8::1|4000| reply_code=200"));
}

TEST(Ftp, AuthTlsHandsOver) {
  FakeContext context(kSpec);
  FeedWhole(context,
            {{kServer, "220 hi\r\n"}, {kClient, "AUTH TLS\r\n"}, {kServer, "234 go\r\n\x16"}, {kClient, "\x16\x03"}});
  EXPECT_EQ(context.handed_over_to, "ssl");
  EXPECT_EQ(context.bytes_handed_over, "\x16\x16\x03");
}

TEST(Ftp, GssapiWrapsTls) {
  FakeContext context(kSpec);
  FeedWhole(context, {{kServer, "220 hi\r\n"},
                      {kClient, "AUTH GSSAPI\r\n"},
                      {kServer, "334 go on\r\n"},
                      {kClient, "ADAT FgMBAAFB\r\n"},  // a record of one byte
                      {kServer, "335 ADAT=FgMBAAFC\r\n"},
                      {kClient, "ADAT Qw==\r\n"},
                      {kServer, "235 done\r\n"},
                      {kClient, "ADAT RA==\r\nPORT 10,0,0,1,1,0\r\n"},
                      {kServer, "200 ok\r\n"}});
  EXPECT_EQ(context.handed_over_to, "ssl");
  EXPECT_EQ(context.bytes_handed_over, std::string("\x16\x03\x01\0\x01"
                                                   "A\x16\x03\x01\0\x01"
                                                   "BC",
                                                   13));
  EXPECT_EQ(context.lines.size(), 1u);
}

TEST(Ftp, WhatIsNoFtp) {
  FakeContext context(kSpec);
  FeedWhole(context, {{kServer, "+OK\r\n"}, {kClient, "USER x\r\n"}});
  EXPECT_TRUE(context.violated);
}

TEST(Ftp, Weirds) {
  FakeContext context(kSpec);
  FeedWhole(context,
            {{kClient, "NOOP\r\nab\r\n" + std::string(101, 'x') + "\r\nUSER " + std::string(200, 'u') + "\r\n"}});
  EXPECT_THAT(context.weirds,
              ElementsAre("FTP_invalid_command", "FTP_max_command_length_exceeded", "FTP_user_too_long"));
  EXPECT_EQ(context.history, "X");
}

TEST(FtpParse, Endpoints) {
  EXPECT_EQ(ParsePasv("=10,1,2,3,0,21")->port, 21);
  EXPECT_FALSE(ParsePort("10,1,2,3,0,256"));
  EXPECT_FALSE(ParsePort("10,1,2,3"));
  EXPECT_EQ(ParseEpsv("Extended (|||6446|)")->port, 6446);
  EXPECT_FALSE(ParseEpsv("Extended (|||6446|)")->address);
  EXPECT_FALSE(ParseEprt("|1|nowhere|1|"));
  EXPECT_FALSE(ParseEprt("|1|10.0.0.1|70000|"));
}

TEST(FtpParse, Telnet) {
  EXPECT_EQ(WithoutTelnet("\xff\xfb\x01USER\xff\xff\xff\xf4x"), "USER\xffx");
  EXPECT_EQ(WithoutTelnet("a\xff"), "a");
}

TEST(FtpPath, Join) {
  EXPECT_EQ(JoinPath(".", "robots.txt"), "./robots.txt");
  EXPECT_EQ(JoinPath("/a/b", "../c//d/./e"), "/a/c/d/e");
  EXPECT_EQ(JoinPath("/a", "/b/"), "/b/");
  EXPECT_EQ(JoinPath("", "x"), "x");
  EXPECT_EQ(JoinPath(".", ".."), "..");
  EXPECT_EQ(JoinPath("a", "C:\\x"), "C:\\x");
}

TEST(FtpPath, Find) {
  EXPECT_EQ(FindPath("\"/pub/my dir\" is current"), "/pub/my dir");
  EXPECT_EQ(FindPath("now in /pub/x ok"), "/pub/x");
  EXPECT_EQ(FindPath("nothing"), "");
}

}  // namespace
}  // namespace quaywatch::analyze::ftp
