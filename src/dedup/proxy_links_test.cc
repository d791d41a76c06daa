// SPDX-License-Identifier: Apache-2.0
#include "dedup/proxy_links.h"

#include <gtest/gtest.h>

#include <string>

namespace quaywatch::dedup {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

const base::Timestamp kStart = base::FromUnixNanos(1'700'000'000'000'000'000);

class Names : public model::IdentityLookup {
 public:
  Answer HolderOf(const model::Endpoint&, const model::IpAddress&, base::Timestamp, base::Timestamp) const override {
    return {};
  }
  std::string ServiceAt(const model::Endpoint&, base::Timestamp) const override { return {}; }
  bool IsHostAddress(const model::IpAddress& address) const override {
    return address == model::IpAddress::Parse("172.17.0.1") || address == model::IpAddress::Parse("192.0.2.1");
  }
  bool IsElsewhere(const model::Identity&) const override { return false; }
  void Learn(const model::IpAddress&, std::string_view, const model::IpAddress&, base::Timestamp,
             base::Duration) override {}
  std::string InterfaceName(uint32_t, uint32_t) const override { return {}; }
};

class ProxyLinksTest : public testing::Test {
 protected:
  ProxyLinksTest() {
    const auto address = [](const char* text) { return *model::IpAddress::Parse(text); };
    links_.SetPorts({{model::Transport::kTcp, address("0.0.0.0"), 8080, address("172.17.0.2"), 80},
                     {model::Transport::kTcp, address("192.0.2.1"), 8443, address("172.17.0.2"), 80},
                     {model::Transport::kUdp, address("0.0.0.0"), 8080, address("172.17.0.2"), 80}});
  }

  model::FlowInfo Flow(const char* from, const char* to, uint16_t port, base::Duration after,
                       model::Transport transport = model::Transport::kTcp) {
    model::FlowInfo flow;
    flow.uid = model::Uid::Make('C', {++number_, number_});
    flow.id = {*model::IpAddress::Parse(from), *model::IpAddress::Parse(to), {static_cast<uint16_t>(number_)}, {port}};
    flow.start = kStart + after;
    flow.transport = transport;
    return flow;
  }
  // Told at once, unless `tell` is false.
  model::FlowInfo Accepted(base::Duration after, bool tell = true) {
    const auto flow = Flow("127.0.0.1", "127.0.0.1", 8080, after);
    EXPECT_TRUE(!tell || links_.Begin(flow));
    return flow;
  }
  model::FlowInfo Opened(base::Duration after) {
    const auto flow = Flow("172.17.0.1", "172.17.0.2", 80, after);
    EXPECT_TRUE(links_.Begin(flow));
    return flow;
  }
  model::Uid LinkOf(const model::FlowInfo& flow, base::Duration after = seconds(10)) {
    return links_.LinkOf(flow, kStart + after);
  }
  void ExpectLinked(const model::FlowInfo& first, const model::FlowInfo& second) {
    EXPECT_EQ(LinkOf(first), second.uid);
    EXPECT_EQ(LinkOf(second), first.uid);
  }
  void ExpectAlone(std::initializer_list<model::FlowInfo> flows) {
    for (const auto& flow : flows) EXPECT_TRUE(LinkOf(flow).empty());
  }

  uint64_t number_ = 0;
  Names names_;
  ProxyLinks links_{names_};
};

TEST_F(ProxyLinksTest, OneAfterTheOther) {
  const auto first = Accepted(milliseconds(0)), second = Opened(microseconds(300));
  const auto next = Accepted(milliseconds(2)), its_second = Opened(microseconds(2300));
  EXPECT_TRUE(LinkOf(first, milliseconds(1900)).empty()) << "not certain yet";
  ExpectLinked(first, second);
  ExpectLinked(next, its_second);
  links_.End(first, kStart + seconds(10));
  EXPECT_EQ(LinkOf(second), first.uid) << "its record comes later";
}

TEST_F(ProxyLinksTest, WorkersTellOutOfOrder) {
  const auto first = Accepted(milliseconds(0), false);
  const auto second = Opened(microseconds(300));
  const auto next = Accepted(milliseconds(2), false);
  const auto its_second = Opened(microseconds(2300));
  EXPECT_TRUE(links_.Begin(next));
  EXPECT_TRUE(links_.Begin(first));
  ExpectLinked(first, second);
  ExpectLinked(next, its_second);
}

TEST_F(ProxyLinksTest, SeveralWaiting) {
  const auto a = Accepted(milliseconds(0)), b = Accepted(milliseconds(1));
  const auto c = Opened(milliseconds(2)), d = Opened(milliseconds(3));
  const auto e = Accepted(milliseconds(4)), f = Opened(milliseconds(5));
  ExpectAlone({a, b, c, d});
  ExpectLinked(e, f);
}

TEST_F(ProxyLinksTest, AStrangerMakesItUncertain) {
  const auto first = Accepted(milliseconds(0));
  const auto stranger = Opened(milliseconds(1)), second = Opened(milliseconds(2));
  const auto next = Accepted(seconds(2)), its_second = Opened(milliseconds(2001));
  ExpectAlone({first, stranger, second});
  ExpectLinked(next, its_second);
}

TEST_F(ProxyLinksTest, OneThatTheKernelTranslatesIsNoneOfIt) {
  const auto translated = Flow("198.51.100.7", "192.0.2.1", 8080, milliseconds(0));
  EXPECT_TRUE(links_.Begin(translated));
  const auto first = Accepted(milliseconds(1)), second = Opened(milliseconds(2));
  links_.Exclude(translated);
  ExpectLinked(first, second);
  ExpectAlone({translated});
}

TEST_F(ProxyLinksTest, OneThatGetsNoSecondWaitsUntilItsEnd) {
  const auto refused = Accepted(milliseconds(0));
  const auto first = Accepted(milliseconds(500)), second = Opened(milliseconds(501));
  links_.End(refused, kStart + milliseconds(600));
  const auto next = Accepted(milliseconds(700)), its_second = Opened(milliseconds(701));
  ExpectAlone({first, second, next, its_second});
  links_.End(first, kStart + milliseconds(800));
  links_.End(next, kStart + milliseconds(800));
  const auto last = Accepted(seconds(1)), its_last = Opened(milliseconds(1001));
  ExpectLinked(last, its_last);
}

TEST_F(ProxyLinksTest, TooLateIsNotForIt) {
  const auto first = Accepted(milliseconds(0));
  const auto late = Opened(milliseconds(1001));
  ExpectAlone({first, late});
}

TEST_F(ProxyLinksTest, OnlyFlowsOfItsPorts) {
  using enum model::Transport;
  EXPECT_FALSE(links_.Begin(Flow("127.0.0.1", "127.0.0.1", 8081, {})));
  EXPECT_FALSE(links_.Begin(Flow("127.0.0.1", "172.17.0.9", 8080, {}))) << "not the machine's";
  EXPECT_FALSE(links_.Begin(Flow("127.0.0.1", "127.0.0.1", 8443, {}))) << "of one address only";
  EXPECT_FALSE(links_.Begin(Flow("172.17.0.3", "172.17.0.2", 80, {}))) << "another container";
  EXPECT_FALSE(links_.Begin(Flow("172.17.0.1", "172.17.0.2", 81, {})));
  EXPECT_TRUE(links_.Begin(Flow("172.17.0.3", "192.0.2.1", 8443, {})));
  const auto query = Flow("127.0.0.1", "127.0.0.1", 8080, seconds(2), kUdp);
  const auto forwarded = Flow("172.17.0.1", "172.17.0.2", 80, seconds(2), kUdp);
  EXPECT_TRUE(links_.Begin(query));
  EXPECT_TRUE(links_.Begin(forwarded));
  ExpectLinked(query, forwarded);
  links_.SetPorts({});
  EXPECT_FALSE(links_.Begin(Flow("172.17.0.1", "172.17.0.2", 80, {})));
  ExpectLinked(query, forwarded);
}

TEST_F(ProxyLinksTest, TooManyAreNotLinked) {
  const auto first = Accepted(milliseconds(0)), second = Opened(milliseconds(1));
  std::vector<model::FlowInfo> many;
  for (size_t i = 0; i < ProxyLinks::kMaxFlows - 2; ++i) many.push_back(Opened(seconds(3)));
  EXPECT_EQ(LinkOf(first), second.uid);
  EXPECT_FALSE(links_.Begin(Flow("127.0.0.1", "127.0.0.1", 8080, seconds(4))));
  ExpectAlone({first, second});
  for (const auto& flow : many) links_.End(flow, kStart + seconds(5));
  links_.End(first, kStart + seconds(5));
  links_.End(second, kStart + seconds(5));
  const auto next = Accepted(seconds(6)), its_second = Opened(milliseconds(6001));
  ExpectLinked(next, its_second);
}

}  // namespace
}  // namespace quaywatch::dedup
