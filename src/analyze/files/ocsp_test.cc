// SPDX-License-Identifier: Apache-2.0
#include "analyze/files/ocsp.h"

#include <gtest/gtest.h>

#include "analyze/files/file_tracker.h"

namespace quaywatch::analyze::files {
namespace {

// Made with "openssl ocsp -index": a certificate that is good, one that is revoked, one nobody knows.
constexpr std::string_view kResponse =
    "308201e40a0100a08201dd308201d906092b0601050507300101048201ca308201c63082016ca10e300c310a300806035504030c0141"
    "180f32303236313132323230353630395a308201473065303d300906052b0e03021a05000414fce849c29523e7ecbc443402fc1871c2"
    "8fe903510414802a7e0a687728a5b82a0ff4a70512e35d3f2c3a02041234abcd8000180f32303236313132323230353630395aa01118"
    "0f32303236313132393230353630395a3079303b300906052b0e03021a05000414fce849c29523e7ecbc443402fc1871c28fe9035104"
    "14802a7e0a687728a5b82a0ff4a70512e35d3f2c3a02025678a116180f32303235313130313132303030305aa0030a0101180f323032"
    "36313132323230353630395aa011180f32303236313132393230353630395a3063303b300906052b0e03021a05000414fce849c29523"
    "e7ecbc443402fc1871c28fe903510414802a7e0a687728a5b82a0ff4a70512e35d3f2c3a020200998200180f32303236313132323230"
    "353630395aa011180f32303236313132393230353630395a300a06082a8648ce3d0403020348003045022073b3b79f3db15813a32e3e"
    "65b290fa51d10477c87f70a31d3a97a3485729fc80022100db6795fe42cf3e99a15ea0d2bed1613f9323dcf367ef2cac0ae0f9b46949"
    "79a1";

std::string Response() {
  std::string bytes;
  for (size_t i = 0; i < kResponse.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(kResponse.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

int64_t Seconds(base::CalendarTime time) { return time.time_since_epoch().count(); }

TEST(Ocsp, OneRecordForEachCertificate) {
  const auto records = ParseOcspResponse(base::AsBytes(Response()));
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[0].hash_algorithm, "sha1");
  EXPECT_EQ(records[0].issuer_name_hash, "FCE849C29523E7ECBC443402FC1871C28FE90351");
  EXPECT_EQ(records[0].issuer_key_hash, "802A7E0A687728A5B82A0FF4A70512E35D3F2C3A");
  EXPECT_EQ(records[0].serial_number, "1234ABCD");
  EXPECT_EQ(records[0].cert_status, "good");
  EXPECT_FALSE(records[0].revoke_time);
  EXPECT_EQ(Seconds(records[0].this_update), 1795380969);
  ASSERT_TRUE(records[0].next_update);
  EXPECT_EQ(Seconds(*records[0].next_update), 1795985769);
  EXPECT_EQ(records[1].cert_status, "revoked");
  ASSERT_TRUE(records[1].revoke_time);
  EXPECT_EQ(Seconds(*records[1].revoke_time), 1761998400);
  EXPECT_EQ(records[1].revoke_reason, "keyCompromise");
  EXPECT_EQ(records[2].cert_status, "unknown");
}

// Counts the answers a file gives.
class Answers : public model::RecordSink {
 public:
  void Write(const model::Schema& schema, const void*, model::Clone) override { count += schema.name() == "ocsp"; }
  void WriteOnce(const model::Schema&, std::shared_ptr<const void>, std::string, base::Duration) override {}
  int count = 0;
};

TEST(Ocsp, FilesOfThisTypeAreRead) {
  const std::string response = Response();
  for (const std::string_view type : {"", "application/ocsp-response"}) {
    for (const size_t step : {size_t{1}, size_t{100}, response.size()}) {
      Answers answers;
      const base::Timestamp now{};
      const Surroundings surroundings{now, answers, {}};
      const model::FlowInfo flow;
      auto file = MakeFile({.source = "HTTP", .mime_type = type}, flow, 1, surroundings);
      for (size_t at = 0; at < response.size(); at += step) {
        file->Data(base::AsBytes(std::string_view(response).substr(at, step)));
      }
      file->End();
      EXPECT_EQ(answers.count, 3);
    }
  }
}

TEST(Ocsp, CutOffIsNone) {
  const std::string response = Response();
  for (size_t size = 0; size < response.size(); ++size) {
    EXPECT_TRUE(ParseOcspResponse(base::AsBytes(std::string_view(response).substr(0, size))).empty());
  }
}

// An error without an answer.
TEST(Ocsp, TryLater) {
  EXPECT_TRUE(ParseOcspResponse(base::AsBytes(std::string_view("0\x03\x0a\x01\x03", 5))).empty());
}

}  // namespace
}  // namespace quaywatch::analyze::files
