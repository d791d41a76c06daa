// SPDX-License-Identifier: Apache-2.0
#include "analyze/ssl/certificate.h"

#include <gtest/gtest.h>

#include "analyze/ssl/certificate_cache.h"

namespace quaywatch::analyze::ssl {
namespace {

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
