// SPDX-License-Identifier: Apache-2.0
#include "analyze/smtp/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quaywatch::analyze::smtp {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> Texts(const std::vector<model::IpAddress>& addresses) {
  std::vector<std::string> texts;
  for (const auto& address : addresses) texts.push_back(address.ToString());
  return texts;
}

TEST(SmtpParse, Replies) {
  const auto reply = ParseReply("250-PIPELINING");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code, 250);
  EXPECT_EQ(reply->text, "PIPELINING");
  EXPECT_TRUE(reply->continues);
  EXPECT_FALSE(ParseReply("354")->continues);
  EXPECT_FALSE(ParseReply("600 no"));
  EXPECT_FALSE(ParseReply("+OK"));
}

TEST(SmtpParse, Bdat) {
  EXPECT_EQ(ParseBdat("86 LAST").size, 86u);
  EXPECT_TRUE(ParseBdat("86 last").last);
  EXPECT_FALSE(ParseBdat("86").last);
  EXPECT_EQ(ParseBdat("86LAST").error, "BDAT chunk-size followed by junk");
  EXPECT_EQ(ParseBdat("LAST").error, "BDAT not followed by a valid chunk-size");
  EXPECT_EQ(ParseBdat("").error, "BDAT argument bad length");
}

TEST(SmtpParse, MailAddresses) {
  EXPECT_THAT(MailAddresses("TO:<a@example.com> NOTIFY=x"), ElementsAre("a@example.com"));
  EXPECT_THAT(MailAddresses("a@b, <c@d>;e@f"), ElementsAre("a@b", "c@d", "e@f"));
  EXPECT_THAT(MailAddresses("from:<>"), IsEmpty());
  EXPECT_THAT(MailAddresses("@x y@ z"), IsEmpty());
}

TEST(SmtpParse, SplitAddresses) {
  EXPECT_THAT(SplitAddresses("\"Doe, J\" <j@x>, k@y"), ElementsAre("\"Doe, J\" <j@x>", "k@y"));
  EXPECT_THAT(SplitAddresses("a,,b"), ElementsAre("a", "b"));
}

TEST(SmtpParse, IpAddresses) {
  EXPECT_THAT(Texts(IpAddresses("[10.0.0.4]", false)), ElementsAre("10.0.0.4"));
  EXPECT_THAT(Texts(IpAddresses("[010.00.0.004]", false)), ElementsAre("10.0.0.4"));
  EXPECT_THAT(Texts(IpAddresses("from x ([192.168.1.2]) by 10.1.1.1 (8.14.4) id 1.2.3.4-x", true)),
              ElementsAre("192.168.1.2", "10.1.1.1"));
  EXPECT_THAT(Texts(IpAddresses("from [2001:db8::1] at 12:34:56", true)), ElementsAre("2001:db8::1"));
  EXPECT_THAT(Texts(IpAddresses("1:2:3:4:5:6:7:8 and 999.1.1.1", false)), ElementsAre("1:2:3:4:5:6:7:8", "99.1.1.1"));
}

}  // namespace
}  // namespace quaywatch::analyze::smtp
