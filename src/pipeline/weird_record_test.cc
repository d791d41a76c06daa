// SPDX-License-Identifier: Apache-2.0
#include "pipeline/weird_record.h"

#include <gtest/gtest.h>

namespace quaywatch::pipeline {
namespace {

WeirdRecord Weird(const char* name, const char* orig, uint16_t orig_p, const char* resp, uint16_t resp_p) {
  WeirdRecord weird;
  weird.name = name;
  weird.id = {*model::IpAddress::Parse(orig), *model::IpAddress::Parse(resp), {orig_p}, {resp_p}};
  return weird;
}

std::string Key(const WeirdRecord& weird) { return KeyOf(weird, RuleOf(weird.name)); }

TEST(WeirdRules, NamesThatAreNotWritten) {
  for (const char* name : {"FIN_after_reset", "spontaneous_FIN", "spontaneous_RST", "unsolicited_SYN_response"}) {
    EXPECT_TRUE(RuleOf(name).ignore) << name;
  }
  EXPECT_FALSE(RuleOf("data_before_established").ignore);
  EXPECT_FALSE(RuleOf("").ignore);
}

TEST(WeirdRules, Notices) {
  EXPECT_TRUE(RuleOf("FIN_storm").notice);
  EXPECT_TRUE(RuleOf("SYN_after_partial").notice);
  EXPECT_FALSE(RuleOf("bad_TCP_checksum").notice);
}

TEST(WeirdRules, PerOriginatorForADay) {
  EXPECT_EQ(WindowOf(RuleOf("bad_TCP_checksum")), std::chrono::hours(24));
  const std::string key = Key(Weird("bad_TCP_checksum", "10.0.0.1", 1, "10.0.0.2", 2));
  EXPECT_EQ(key, Key(Weird("bad_TCP_checksum", "10.0.0.1", 3, "10.0.0.4", 5)));
  EXPECT_NE(key, Key(Weird("bad_TCP_checksum", "10.0.0.2", 2, "10.0.0.1", 1)));
  EXPECT_NE(key, Key(Weird("bad_UDP_checksum", "10.0.0.1", 1, "10.0.0.2", 2)));
}

TEST(WeirdRules, PerConnectionForTenMinutes) {
  EXPECT_EQ(WindowOf(RuleOf("line_terminated_with_single_LF")), std::chrono::minutes(10));
  const WeirdRecord weird = Weird("line_terminated_with_single_LF", "10.0.0.1", 1, "10.0.0.2", 2);
  const std::string key = Key(weird);
  EXPECT_EQ(key, Key(weird));
  EXPECT_NE(key, Key(Weird("line_terminated_with_single_LF", "10.0.0.1", 3, "10.0.0.2", 2)));
  EXPECT_NE(key, Key(Weird("line_terminated_with_single_LF", "10.0.0.1", 1, "10.0.0.2", 3)));
  EXPECT_NE(key, Key(Weird("line_terminated_with_single_LF", "10.0.0.1", 1, "2001:db8::2", 2)));
}

TEST(WeirdRules, OfNoHost) {
  WeirdRecord weird;
  weird.name = "truncated_header";
  const std::string key = Key(weird);
  weird.addl = "details do not make another";
  EXPECT_EQ(key, Key(weird));
}

}  // namespace
}  // namespace quaywatch::pipeline
