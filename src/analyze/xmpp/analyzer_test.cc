// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyze/fake_context.h"

namespace quaywatch::analyze::xmpp {
extern const AnalyzerSpec kSpec;
namespace {

using model::Direction;
using testing::ElementsAre;

constexpr std::string_view kStream =
    "<?xml version='1.0'?><stream:stream to='shop.example' xmlns='jabber:client' version='1.0'>";
constexpr std::string_view kStartTls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
constexpr std::string_view kProceed = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

struct Xmpp : testing::Test {
  void Client(std::string_view text) { analyzer->OnStream(Direction::kOrig, base::AsBytes(text)); }
  void Server(std::string_view text) { analyzer->OnStream(Direction::kResp, base::AsBytes(text)); }
  FakeContext context{kSpec};
  std::unique_ptr<Analyzer> analyzer = kSpec.make(context);
};

TEST_F(Xmpp, GoesOverToTls) {
  Client(kStream);
  EXPECT_TRUE(context.confirmed);
  Client(kStartTls);
  Server(std::string(kStream) + std::string(kProceed) + "rest");
  EXPECT_EQ(context.handed_over_to, "ssl");
  Client("hello");
  EXPECT_EQ(context.bytes_handed_over, "resthello");
}

TEST_F(Xmpp, TheSameByteByByte) {
  for (const char c : std::string(kStream) + std::string(kStartTls)) Client({&c, 1});
  for (const char c : std::string(kStream) + std::string(kProceed) + "\x16") Server({&c, 1});
  EXPECT_TRUE(context.confirmed);
  EXPECT_EQ(context.bytes_handed_over, "\x16");
}

TEST_F(Xmpp, PrefixesOfNamesDontMatter) {
  Client("<tls:starttls/>");
  Server("<tls:proceed/>");
  EXPECT_EQ(context.handed_over_to, "ssl");
}

TEST_F(Xmpp, NotAsked) {
  Client(kStream);
  Server(kProceed);
  EXPECT_EQ(context.handed_over_to, "");
  EXPECT_THAT(context.weirds, ElementsAre("XMPP: proceed without starttls"));
}

TEST_F(Xmpp, NothingIsLookedAtOnceTheSessionHasBegun) {
  Client(kStream);
  Client("<presence/>");
  EXPECT_TRUE(context.finished);
}

TEST(XmppProbe, KnowsStreams) {
  const auto probe = [](std::string_view orig) { return kSpec.probe_tcp({base::AsBytes(orig), base::AsBytes("x")}); };
  EXPECT_EQ(probe(kStream), ProbeResult::kYes);
  EXPECT_EQ(probe(kStream.substr(0, 60)), ProbeResult::kMore);
  EXPECT_EQ(probe("<stream:stream xmlns='other'>"), ProbeResult::kNo);
  EXPECT_EQ(probe("<html>"), ProbeResult::kNo);
}

}  // namespace
}  // namespace quaywatch::analyze::xmpp
