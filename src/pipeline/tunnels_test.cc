// SPDX-License-Identifier: Apache-2.0
#include "pipeline/tunnels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/tunnel_record.h"

namespace quaywatch::pipeline {
namespace {

using model::Datagram;
using model::Direction;
using model::TunnelType;
using testing::ElementsAre;
using testing::IsEmpty;

base::Timestamp At(int64_t second) { return base::Timestamp(std::chrono::seconds(1'700'000'000 + second)); }

// Lines of tunnel.log as "uid orig resp type action", without "Tunnel::".
class Lines : public model::RecordSink {
 public:
  std::vector<std::string> seen;
  void Write(const model::Schema&, const void* record, model::Clone) override {
    const auto& r = *static_cast<const model::TunnelRecord*>(record);
    seen.push_back(std::string(r.uid->view().substr(0, 2)) + " " + r.id.orig_h.ToString() + " " +
                   r.id.resp_h.ToString() + " " + std::string(r.tunnel_type.word.substr(8)) + " " +
                   std::string(r.action.word.substr(8)));
  }
  void WriteOnce(const model::Schema&, std::shared_ptr<const void>, std::string, base::Duration) override { FAIL(); }
};

class TunnelsTest : public testing::Test {
 protected:
  TunnelsTest() {
    outer_.uid = model::Uid::Make('C', {7, 7});
    outer_.id = {*model::IpAddress::Parse("10.0.0.1"), *model::IpAddress::Parse("10.0.0.2"), {40000}, {4789}};
  }

  static Datagram Outer(TunnelType carries, const char* src = "10.0.0.1", const char* dst = "10.0.0.2") {
    Datagram d;
    d.src = *model::IpAddress::Parse(src);
    d.dst = *model::IpAddress::Parse(dst);
    d.carries = carries;
    return d;
  }
  bool ThroughOuterFlow(TunnelType type, flow::Flow& inner, Direction from = Direction::kOrig) {
    tunnels_.Begin();
    EXPECT_TRUE(tunnels_.Enter(outer_, from, Outer(type), At(0)));
    return tunnels_.Pass(inner, At(0));
  }

  Lines lines_;
  Tunnels tunnels_{lines_, 1};
  flow::Flow outer_;
  flow::Flow inner_;
};

TEST_F(TunnelsTest, OfAFlowLivesAsLongAsTheFlow) {
  ThroughOuterFlow(TunnelType::kVxlan, inner_);
  ThroughOuterFlow(TunnelType::kVxlan, inner_);
  flow::Flow other;
  ThroughOuterFlow(TunnelType::kVxlan, other);
  EXPECT_THAT(inner_.tunnel_parents, ElementsAre(outer_.uid));
  EXPECT_THAT(outer_.services, ElementsAre("vxlan"));
  tunnels_.FlowEnded(inner_, At(1));
  tunnels_.FlowEnded(outer_, At(1));
  tunnels_.FlowEnded(outer_, At(2));
  EXPECT_THAT(lines_.seen, ElementsAre("C7 10.0.0.1 10.0.0.2 VXLAN DISCOVER", "C7 10.0.0.1 10.0.0.2 VXLAN CLOSE"));
}

TEST_F(TunnelsTest, BetweenHostsIsOneForBothDirections) {
  flow::Flow other;
  tunnels_.Begin();
  tunnels_.Enter(Outer(TunnelType::kGre, "10.0.0.2", "10.0.0.1"), At(0));
  tunnels_.Pass(inner_, At(0));
  tunnels_.Begin();
  tunnels_.Enter(Outer(TunnelType::kGre), At(10));
  tunnels_.Pass(inner_, At(10));
  tunnels_.Pass(other, At(10));
  ASSERT_EQ(inner_.tunnel_parents.size(), 1u);
  EXPECT_EQ(inner_.tunnel_parents, other.tunnel_parents);
  EXPECT_EQ(inner_.tunnels.changes, 0);
  tunnels_.Advance(At(3609));
  EXPECT_EQ(lines_.seen.size(), 1u);
  tunnels_.Advance(At(3610));
  ASSERT_EQ(lines_.seen.size(), 2u);
  EXPECT_EQ(lines_.seen[0].substr(3), "10.0.0.2 10.0.0.1 GRE DISCOVER");
  EXPECT_EQ(lines_.seen[1].substr(3), "10.0.0.2 10.0.0.1 GRE EXPIRE");
}

TEST_F(TunnelsTest, NothingIsInAFlowThatIsNoTunnel) {
  Datagram broken = Outer(TunnelType::kNone);
  broken.violates = TunnelType::kVxlan;
  tunnels_.Begin();
  EXPECT_FALSE(tunnels_.Enter(outer_, Direction::kOrig, broken, At(0)));
  EXPECT_FALSE(tunnels_.Enter(outer_, Direction::kOrig, Outer(TunnelType::kVxlan), At(0)));
  EXPECT_THAT(outer_.services, IsEmpty());
}

TEST_F(TunnelsTest, TeredoIsConfirmedByBothSides) {
  ThroughOuterFlow(TunnelType::kTeredo, inner_);
  EXPECT_THAT(outer_.services, IsEmpty());
  ThroughOuterFlow(TunnelType::kTeredo, inner_, Direction::kResp);
  EXPECT_THAT(outer_.services, ElementsAre("teredo"));
}

TEST_F(TunnelsTest, MovesAreFollowedForAWhile) {
  tunnels_.Begin();
  EXPECT_TRUE(tunnels_.Pass(inner_, At(0)));
  std::vector<bool> fine;
  for (int i = 0; i < 4; ++i) {
    fine.push_back(ThroughOuterFlow(TunnelType::kVxlan, inner_));
    tunnels_.Begin();
    fine.push_back(tunnels_.Pass(inner_, At(0)));
  }
  EXPECT_THAT(fine, ElementsAre(true, true, true, true, true, false, true, true));
}

}  // namespace
}  // namespace quaywatch::pipeline
