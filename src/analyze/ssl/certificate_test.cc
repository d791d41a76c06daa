// SPDX-License-Identifier: Apache-2.0
#include "analyze/ssl/certificate.h"

#include <gtest/gtest.h>

#include "analyze/ssl/asn1_time.h"
#include "analyze/ssl/certificate_cache.h"

namespace quaywatch::analyze::ssl {
namespace {

int64_t Seconds(Asn1TimeKind kind, std::string_view text) {
  return base::ToUnixNanos(ParseAsn1Time(kind, text).time) / 1'000'000'000;
}

TEST(Asn1Time, BothKinds) {
  EXPECT_EQ(Seconds(Asn1TimeKind::kUtc, "150120000000Z"), 1421712000);
  EXPECT_EQ(Seconds(Asn1TimeKind::kUtc, "1501200000Z"), 1421712000);
  EXPECT_EQ(Seconds(Asn1TimeKind::kUtc, "500101000000Z"), -631152000);
  EXPECT_EQ(Seconds(Asn1TimeKind::kGeneralized, "20150120000000Z"), 1421712000);
  EXPECT_EQ(Seconds(Asn1TimeKind::kGeneralized, "20150120000000.123Z"), 1421712000);
  EXPECT_EQ(Seconds(Asn1TimeKind::kGeneralized, "201501200000"), 1421712000);
  EXPECT_EQ(Seconds(Asn1TimeKind::kGeneralized, "99991231235959Z"), 9223372036);
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

Certificate WithNames(std::vector<std::string> names) {
  Certificate certificate;
  certificate.has_san = true;
  certificate.common_name = "common.example.org";
  certificate.san_dns = std::move(names);
  return certificate;
}

TEST(IsIssuedFor, Wildcards) {
  const Certificate certificate = WithNames({"a.example.org", "*.b.example.org", "web*.c.example.org", "*.org"});
  EXPECT_TRUE(IsIssuedFor(certificate, "a.example.org"));
  EXPECT_TRUE(IsIssuedFor(certificate, "x.b.example.org"));
  EXPECT_TRUE(IsIssuedFor(certificate, "web1.c.example.org"));
  EXPECT_FALSE(IsIssuedFor(certificate, "b.example.org"));
  EXPECT_FALSE(IsIssuedFor(certificate, "x.y.b.example.org"));
  EXPECT_FALSE(IsIssuedFor(certificate, "db1.c.example.org"));
  EXPECT_FALSE(IsIssuedFor(certificate, "example.org"));
}

TEST(IsIssuedFor, CommonNameOnlyWithoutAlternatives) {
  Certificate certificate = WithNames({"a.example.org"});
  EXPECT_FALSE(IsIssuedFor(certificate, "common.example.org"));
  certificate.has_san = false;
  EXPECT_TRUE(IsIssuedFor(certificate, "common.example.org"));
}

TEST(ParseCertificate, NonsenseIsNone) {
  EXPECT_EQ(ParseCertificate(base::AsBytes("0\x82\x01\x02nonsense")), nullptr);
  EXPECT_EQ(ParseCertificate({}), nullptr);
}

TEST(CertificateCache, HasALimit) {
  CertificateCache cache;
  for (size_t i = 0; i < CertificateCache::kMaxEntries + 10; ++i) {
    const std::string der = "not a certificate " + std::to_string(i);
    EXPECT_EQ(cache.Get(base::AsBytes(der)), nullptr);
  }
  EXPECT_EQ(cache.size(), CertificateCache::kMaxEntries);
}

}  // namespace
}  // namespace quaywatch::analyze::ssl
