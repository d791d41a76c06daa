// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyze/fake_context.h"

namespace quaywatch::analyze::postgresql {
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
struct Postgresql {
  explicit Postgresql(const std::vector<Said>& all, size_t cut = 1000) {
    for (const Said& said : all) {
      for (std::string_view left = said.bytes; !left.empty(); left.remove_prefix(std::min(cut, left.size()))) {
        if (!context.violated && !context.finished) analyzer->OnStream(said.from, base::AsBytes(left.substr(0, cut)));
      }
    }
  }
  FakeContext context{kSpec};
  std::unique_ptr<Analyzer> analyzer = kSpec.make(context);
};

const std::string kSslRequest = "\x00\x00\x00\x08\x04\xd2\x16\x2f"s;
const std::string kStartup =
    "\x00\x00\x00\x12\x00\x03\x00\x00"s
    "user\x00me\x00\x00"s;

TEST(Postgresql, GoesOverToTls) {
  for (size_t cut = 1; cut < 10; ++cut) {
    const Postgresql postgresql({{kOrig, kSslRequest}, {kResp, "S"}, {kOrig, "\x16\x03"}, {kResp, "hello"}}, cut);
    EXPECT_TRUE(postgresql.context.confirmed);
    EXPECT_EQ(postgresql.context.handed_over_to, "ssl");
    EXPECT_EQ(postgresql.context.bytes_handed_over, "\x16\x03hello");
  }
}

TEST(Postgresql, StaysInTheOpen) {
  for (size_t cut = 1; cut < 10; ++cut) {
    const Postgresql postgresql({{kOrig, kSslRequest}, {kResp, "N"}, {kOrig, kStartup}, {kResp, "R\0\0"s}}, cut);
    EXPECT_TRUE(postgresql.context.confirmed);
    EXPECT_TRUE(postgresql.context.finished);
    EXPECT_EQ(postgresql.context.handed_over_to, "");
  }
  EXPECT_TRUE(Postgresql({{kOrig, kStartup}}).context.confirmed);
}

TEST(Postgresql, OtherProtocolsAreViolations) {
  EXPECT_TRUE(Postgresql({{kOrig, "GET / HTTP/1.1\r\n"}}).context.violated);
  EXPECT_TRUE(Postgresql({{kResp, "\x4a\x00\x00\x00"s}}).context.violated);
  EXPECT_TRUE(Postgresql({{kOrig, kSslRequest}, {kResp, "E"}}).context.violated);
  EXPECT_TRUE(Postgresql({{kOrig, kSslRequest + "\x16\x03"}}).context.violated);
  EXPECT_TRUE(Postgresql({{kOrig, kSslRequest}, {kResp, "N"}, {kOrig, kSslRequest}}).context.violated);
}

TEST(PostgresqlProbe, NeedsBothSides) {
  const auto probe = [](const std::string& orig, const std::string& resp) {
    return kSpec.probe_tcp({base::AsBytes(orig), base::AsBytes(resp)});
  };
  EXPECT_EQ(probe(kSslRequest, ""), ProbeResult::kMore);
  EXPECT_EQ(probe(kSslRequest, "S"), ProbeResult::kYes);
  EXPECT_EQ(probe(kSslRequest, "H"), ProbeResult::kNo);
  EXPECT_EQ(probe(kStartup, "R"), ProbeResult::kYes);
  EXPECT_EQ(probe("GET / HT", "H"), ProbeResult::kNo);
}

}  // namespace
}  // namespace quaywatch::analyze::postgresql
