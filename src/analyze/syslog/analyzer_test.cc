// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "analyze/fake_context.h"

namespace quaywatch::analyze::syslog {
extern const AnalyzerSpec kSpec;
namespace {

struct Flow {
  Flow() : context(kSpec, model::Transport::kUdp), analyzer(kSpec.make(context)) {}
  void Send(std::string_view text, model::Direction from = model::Direction::kOrig) {
    analyzer->OnDatagram(from, base::AsBytes(text), static_cast<uint32_t>(text.size()));
  }
  std::string LogOf(std::string_view text) {
    context.lines.clear();
    Send(text);
    if (context.lines.size() != 1) return "not one line";
    return context.lines[0].substr(context.lines[0].find("proto="));
  }
  FakeContext context;
  std::unique_ptr<Analyzer> analyzer;
};

TEST(Syslog, OneRecordPerMessageOfEitherSide) {
  Flow flow;
  EXPECT_EQ(flow.LogOf("<86>Oct 21 06:55:08 rtr01 sudo: admin"),
            "proto=udp facility=AUTHPRIV severity=INFO message=Oct 21 06:55:08 rtr01 sudo: admin");
  flow.Send("<0>x", model::Direction::kResp);
  EXPECT_EQ(flow.context.lines.size(), 2u);
}

TEST(Syslog, Priorities) {
  Flow flow;
  EXPECT_EQ(flow.LogOf("<191>m"), "proto=udp facility=LOCAL7 severity=DEBUG message=m");
  EXPECT_EQ(flow.LogOf("<0240>m"), "proto=udp facility=?-30 severity=EMERG message=m");
  EXPECT_EQ(flow.LogOf("<99999999999999999999>m"), "proto=udp facility=?-127 severity=DEBUG message=m");
}

TEST(Syslog, MessageWithoutPriority) {
  Flow flow;
  EXPECT_EQ(flow.LogOf("not really syslog"),
            "proto=udp facility=UNSPECIFIED severity=UNSPECIFIED message=not really syslog");
}

TEST(Syslog, BrokenPriorityIsNoSyslog) {
  for (const char* text : {"<abc>x", "<>x", "<12", "<12x", "<", ""}) {
    Flow flow;
    flow.Send(text);
    EXPECT_TRUE(flow.context.violated) << text;
    EXPECT_TRUE(flow.context.lines.empty()) << text;
  }
}

TEST(Syslog, CutByTheCapture) {
  Flow flow;
  flow.analyzer->OnDatagram(model::Direction::kOrig, base::AsBytes("<86>Oct"), 100);
  EXPECT_TRUE(flow.context.lines.empty());
  EXPECT_FALSE(flow.context.violated);
}

TEST(Syslog, Probe) {
  const auto probe = [](std::string_view text) { return kSpec.probe_udp({base::AsBytes(text), {}}); };
  EXPECT_EQ(probe("<34>Oct 11 22:14:15 host su: failed"), ProbeResult::kYes);
  EXPECT_EQ(probe("<34>Oct  1 22:14:15 host su: failed"), ProbeResult::kYes);
  EXPECT_EQ(probe("<165>1 2003-10-11T22:14:15.003Z host app - - - text"), ProbeResult::kYes);
  EXPECT_EQ(probe("<34>failed"), ProbeResult::kNo);
  EXPECT_EQ(probe("<192>Oct 11 22:14:15 host"), ProbeResult::kNo);
  EXPECT_EQ(probe("Oct 11 22:14:15 host"), ProbeResult::kNo);
}

}  // namespace
}  // namespace quaywatch::analyze::syslog
