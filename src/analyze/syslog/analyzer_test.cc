// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "analyze/fake_context.h"

namespace quaywatch::analyze::syslog {
extern const AnalyzerSpec kSpec;
namespace {

TEST(Syslog, OneRecordPerMessage) {
  FakeContext context(kSpec, model::Transport::kUdp);
  const auto analyzer = kSpec.make(context);
  const auto message = base::AsBytes("<86>Oct 21 06:55:08 rtr01 sudo: admin");
  analyzer->OnDatagram(model::Direction::kOrig, message, static_cast<uint32_t>(message.size()));
  ASSERT_EQ(context.lines.size(), 1u);
  EXPECT_NE(context.lines[0].find("proto=udp facility=AUTHPRIV severity=INFO message=Oct 21 06:55:08 rtr01"),
            std::string::npos)
      << context.lines[0];
  EXPECT_TRUE(context.confirmed);
}

TEST(Syslog, NoPriorityIsNoSyslog) {
  FakeContext context(kSpec, model::Transport::kUdp);
  const auto analyzer = kSpec.make(context);
  analyzer->OnDatagram(model::Direction::kOrig, base::AsBytes("<abc>x"), 6);
  EXPECT_TRUE(context.violated);
  EXPECT_TRUE(context.lines.empty());
}

}  // namespace
}  // namespace quaywatch::analyze::syslog
