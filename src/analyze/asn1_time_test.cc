// SPDX-License-Identifier: Apache-2.0
#include "analyze/asn1_time.h"

#include <gtest/gtest.h>

namespace quaywatch::analyze {
namespace {

int64_t Seconds(Asn1TimeKind kind, std::string_view text) {
  return ParseAsn1Time(kind, text).time.time_since_epoch().count();
}

TEST(Asn1Time, BothKinds) {
  EXPECT_EQ(Seconds(Asn1TimeKind::kUtc, "150120000000Z"), 1421712000);
  EXPECT_EQ(Seconds(Asn1TimeKind::kUtc, "1501200000Z"), 1421712000);
  EXPECT_EQ(Seconds(Asn1TimeKind::kUtc, "500101000000Z"), -631152000);
  EXPECT_EQ(Seconds(Asn1TimeKind::kGeneralized, "20150120000000Z"), 1421712000);
  EXPECT_EQ(Seconds(Asn1TimeKind::kGeneralized, "20150120000000.123Z"), 1421712000);
  EXPECT_EQ(Seconds(Asn1TimeKind::kGeneralized, "201501200000"), 1421712000);
  EXPECT_EQ(Seconds(Asn1TimeKind::kGeneralized, "99991231235959Z"), 253402300799);
}

TEST(Asn1Time, FieldsCarryOver) {
  EXPECT_EQ(Seconds(Asn1TimeKind::kUtc, "150132000000Z"), 1422748800);
  EXPECT_EQ(Seconds(Asn1TimeKind::kUtc, "151301000000Z"), 1451606400);
  EXPECT_EQ(Seconds(Asn1TimeKind::kUtc, "150020000000Z"), 1419033600);
}

TEST(Asn1Time, Oddities) {
  EXPECT_EQ(ParseAsn1Time(Asn1TimeKind::kUtc, "15012000Z").oddity, "x509_utc_length");
  EXPECT_EQ(ParseAsn1Time(Asn1TimeKind::kUtc, "150120000000+0100").oddity, "x509_utc_format");
  EXPECT_EQ(ParseAsn1Time(Asn1TimeKind::kGeneralized, "2015012000").oddity, "x509_gen_time_length");
  EXPECT_EQ(ParseAsn1Time(Asn1TimeKind::kGeneralized, "2015012000000").oddity, "x509_time_add_char");
  EXPECT_EQ(ParseAsn1Time(Asn1TimeKind::kGeneralized, "20150120000000+01").oddity, "x509_time_offset_underflow");
  EXPECT_EQ(ParseAsn1Time(Asn1TimeKind::kGeneralized, "20150120000000X0100").oddity, "x509_time_offset_type");
}

}  // namespace
}  // namespace quaywatch::analyze
