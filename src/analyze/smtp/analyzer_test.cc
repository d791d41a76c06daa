// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <utility>

#include "analyze/fake_context.h"

namespace quaywatch::analyze::smtp {
extern const AnalyzerSpec kSpec;
namespace {

using model::Direction;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using Dialogue = std::vector<std::pair<Direction, std::string>>;

constexpr Direction kClient = Direction::kOrig;
constexpr Direction kServer = Direction::kResp;

// Feeds each turn in pieces that `next_size` decides on.
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

const Dialogue kTwoMails = {
    {kServer, "220 mx.example.com ESMTP\r\n"},
    {kClient, "EHLO client.example.org\r\n"},
    {kServer, "250-mx.example.com\r\n250 PIPELINING\r\n"},
    {kClient, "MAIL FROM:<a@example.org> SIZE=100\r\nRCPT TO:<b@example.com>\r\nRCPT TO:<c@example.com>\r\nDATA\r\n"},
    {kServer, "250 ok\r\n250 ok\r\n250 ok\r\n354 go on\r\n"},
    {kClient,
     "Received: from inner (inner [192.168.1.5]) by client\r\n"
     "From: Anna <a@example.org>\r\nTo: \"B, b\" <b@example.com>, c@example.com\r\n"
     "Subject: Two\r\n parts\r\nX-Mailer: pen\r\nMIME-Version: 1.0\r\n"
     "Content-Type: multipart/mixed; boundary=xyz\r\n\r\n"
     "--xyz\r\nSubject: not the mail's\r\nContent-Type: text/plain\r\n\r\nhello there\r\n..dot\r\n"
     "--xyz\r\nContent-Type: application/octet-stream; name=\"a.bin\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
     "AAEC\r\n--xyz--\r\n.\r\n"},
    {kServer, "250 2.0.0 queued as 1\r\n"},
    {kClient, "MAIL FROM:<>\r\n"},
    {kServer, "250 ok\r\n"},
    {kClient, "RCPT TO:<d@example.com>\r\n"},
    {kServer, "550 no such user\r\n"},
    {kClient, "QUIT\r\n"},
    {kServer, "221 bye\r\n"},
};

TEST(Smtp, OneRecordPerMail) {
  FakeContext context(kSpec);
  FeedWhole(context, kTwoMails);
  ASSERT_EQ(context.lines.size(), 2u);
  EXPECT_THAT(context.lines[0], HasSubstr("trans_depth=1 helo=client.example.org mailfrom=a@example.org "
                                          "rcptto=[b@example.com,c@example.com] from=Anna <a@example.org> "
                                          "to=[\"B, b\" <b@example.com>,c@example.com] subject=Two parts "
                                          "first_received=from inner (inner [192.168.1.5]) by client "
                                          "last_reply=250 2.0.0 queued as 1 path=[10.0.0.2,10.0.0.1,192.168.1.5] "
                                          "user_agent=pen tls=F"));
  EXPECT_THAT(context.lines[1], HasSubstr("trans_depth=2 helo=client.example.org rcptto=[d@example.com] "
                                          "last_reply=221 bye"));
  EXPECT_THAT(context.weirds, IsEmpty());
  EXPECT_TRUE(context.confirmed);
}

TEST(Smtp, CutAnywhere) {
  FakeContext whole(kSpec);
  FeedWhole(whole, kTwoMails);
  FakeContext bytes(kSpec);
  Feed(bytes, kTwoMails, [] { return 1; });
  EXPECT_EQ(bytes.lines, whole.lines);
  std::minstd_rand random(7);
  for (int round = 0; round < 50; ++round) {
    FakeContext cut(kSpec);
    Feed(cut, kTwoMails, [&random] { return 1 + random() % 40; });
    EXPECT_EQ(cut.lines, whole.lines);
  }
}

TEST(Smtp, StartTlsHandsOver) {
  FakeContext context(kSpec);
  FeedWhole(context, {{kServer, "220 hi\r\n"},
                      {kClient, "EHLO x\r\nSTARTTLS\r\n"},
                      {kServer, "250 hi\r\n220 go ahead\r\n\x16\x03"},
                      {kClient, "\x16\x03\x01"}});
  EXPECT_EQ(context.handed_over_to, "ssl");
  EXPECT_EQ(context.bytes_handed_over, "\x16\x03\x16\x03\x01");
  ASSERT_EQ(context.lines.size(), 1u);
  EXPECT_THAT(context.lines[0], HasSubstr("last_reply=220 go ahead path=[10.0.0.2,10.0.0.1] tls=T"));
}

TEST(Smtp, Bdat) {
  FakeContext context(kSpec);
  const Dialogue dialogue = {{kServer, "220 hi\r\n"},
                             {kClient, "EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 11\r\nSubject: he"},
                             {kServer, "250 x\r\n250 x\r\n250 x\r\n250 x\r\n"},
                             {kClient, "BDAT 9 LAST\r\nllo\r\n\r\nhiQUIT\r\n"},
                             {kServer, "250 queued\r\n221 bye\r\n"}};
  FeedWhole(context, dialogue);
  ASSERT_EQ(context.lines.size(), 1u);
  EXPECT_THAT(context.lines[0], HasSubstr("subject=hello last_reply=250 queued"));
  FakeContext bytes(kSpec);
  Feed(bytes, dialogue, [] { return 1; });
  EXPECT_EQ(bytes.lines, context.lines);
}

TEST(Smtp, Weirds) {
  FakeContext context(kSpec);
  FeedWhole(context, {{kServer, "220 hi\r\n"},
                      {kClient, "RCPT TO:<c@d>\r\nBDAT x\r\nBDAT 9999999999999999999\r\nBDAT 1\r\nxRSET\r\n"}});
  EXPECT_THAT(context.weirds, ElementsAre("smtp_mail_transaction_invalid", "smtp_invalid_bdat_command",
                                          "smtp_huge_bdat_chunk", "smtp_missing_bdat_last_chunk"));
}

TEST(Smtp, NoReplyIsNoSmtp) {
  FakeContext context(kSpec);
  FeedWhole(context, {{kServer, "+OK POP3\r\n"}, {kClient, "USER x\r\n"}});
  EXPECT_TRUE(context.violated);
  EXPECT_THAT(context.lines, IsEmpty());
}

TEST(Smtp, GapEndsTheMail) {
  FakeContext context(kSpec);
  const auto analyzer = kSpec.make(context);
  const auto feed = [&](Direction from, std::string_view text) { analyzer->OnStream(from, base::AsBytes(text)); };
  feed(kClient, "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nSubject: s\r\n\r\nhalf");
  analyzer->OnGap(kClient, 100);
  feed(kClient, "rest\r\n.\r\nQUIT\r\n");
  feed(kServer, "250 queued\r\n");
  analyzer->OnClose();
  ASSERT_EQ(context.lines.size(), 1u);
  EXPECT_THAT(context.lines[0], HasSubstr("subject=s last_reply=250 queued"));
  EXPECT_THAT(context.lines[0], Not(HasSubstr("to=[]")));
}

}  // namespace
}  // namespace quaywatch::analyze::smtp
