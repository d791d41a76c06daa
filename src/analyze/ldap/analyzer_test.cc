// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyze/fake_context.h"

namespace quaywatch::analyze::ldap {
extern const AnalyzerSpec kSpec;
namespace {

using model::Direction;
using namespace std::string_literals;

constexpr Direction kOrig = Direction::kOrig;
constexpr Direction kResp = Direction::kResp;

struct Said {
  Direction from;
  std::string bytes;
};

// All that is said, in pieces of `cut` bytes.
struct Ldap {
  explicit Ldap(const std::vector<Said>& all, size_t cut = 1000) {
    for (const Said& said : all) {
      for (std::string_view left = said.bytes; !left.empty(); left.remove_prefix(std::min(cut, left.size()))) {
        if (!context.violated && !context.finished) analyzer->OnStream(said.from, base::AsBytes(left.substr(0, cut)));
      }
    }
  }
  FakeContext context{kSpec};
  std::unique_ptr<Analyzer> analyzer = kSpec.make(context);
};

const std::string kStartTls =
    "\x30\x1d\x02\x01\x01\x77\x18\x80\x16"s
    "1.3.6.1.4.1.1466.20037"s;
const std::string kSuccess = "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"s;
const std::string kRefused = "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x02\x04\x00\x04\x00"s;
const std::string kBind = "\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00"s;
const std::string kSaslBind = "\x30\x14\x02\x01\x01\x60\x0f\x02\x01\x03\x04\x00\xa3\x08\x04\x06GSSAPI"s;
const std::string kBindDone = "\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00"s;
// A long entry: 300 bytes in a message of 4 bytes of length.
const std::string kEntry =
    "\x30\x84\x00\x00\x01\x35\x02\x01\x02\x64\x84\x00\x00\x01\x2c"s + std::string(302, 'x').substr(2);

TEST(Ldap, GoesOverToTls) {
  for (size_t cut = 1; cut < 40; ++cut) {
    const Ldap ldap(
        {{kOrig, kBind}, {kResp, kBindDone + kEntry}, {kOrig, kStartTls}, {kResp, kSuccess + "\x16"}, {kOrig, "hi"}},
        cut);
    EXPECT_TRUE(ldap.context.confirmed) << cut;
    EXPECT_EQ(ldap.context.handed_over_to, "ssl") << cut;
    EXPECT_EQ(ldap.context.bytes_handed_over, "\x16hi") << cut;
  }
}

TEST(Ldap, RefusedTlsIsNone) {
  const Ldap ldap({{kOrig, kStartTls}, {kResp, kRefused + kBindDone}});
  EXPECT_EQ(ldap.context.handed_over_to, "");
  EXPECT_FALSE(ldap.context.violated);
}

TEST(Ldap, ProtectedMessagesEndIt) {
  const Ldap ldap({{kOrig, kSaslBind}, {kResp, kBindDone}, {kOrig, "\x00\x00\x00\x20\x05\x04"s}});
  EXPECT_TRUE(ldap.context.finished);
  EXPECT_FALSE(ldap.context.violated);
}

TEST(Ldap, OtherProtocolsAreViolations) {
  EXPECT_TRUE(Ldap({{kOrig, "GET / HTTP/1.1\r\n"}}).context.violated);
  EXPECT_TRUE(Ldap({{kOrig, "\x30\x80\x02\x01\x01"s}}).context.violated);
  EXPECT_TRUE(Ldap({{kOrig, "\x30\x0c\x02\x09\x01"s}}).context.violated);
  // An operation longer than its message.
  EXPECT_TRUE(Ldap({{kOrig, "\x30\x06\x02\x01\x01\x60\x70\x02\x01\x03"s}}).context.violated);
}

TEST(LdapProbe, NeedsBothSides) {
  const auto probe = [](const std::string& orig, const std::string& resp) {
    return kSpec.probe_tcp({base::AsBytes(orig), base::AsBytes(resp)});
  };
  EXPECT_EQ(probe(kBind, ""), ProbeResult::kMore);
  EXPECT_EQ(probe(kBind, "\x30"), ProbeResult::kYes);
  EXPECT_EQ(probe(kBind, "HTTP"), ProbeResult::kNo);
  EXPECT_EQ(probe(kBindDone, "\x30"), ProbeResult::kNo);
  EXPECT_EQ(probe("", ""), ProbeResult::kMore);
}

}  // namespace
}  // namespace quaywatch::analyze::ldap
