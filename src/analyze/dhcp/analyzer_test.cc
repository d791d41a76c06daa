// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyze/dhcp/join.h"
#include "analyze/fake_context.h"

namespace quaywatch::analyze::dhcp {
extern const AnalyzerSpec kSpec;
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using enum model::Direction;
using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr std::string_view kEnd = "\xff";
constexpr std::string_view kDiscover = "\x35\1\1"sv;
constexpr std::string_view kOffer = "\x35\1\2"sv;
constexpr std::string_view kRequest = "\x35\1\3"sv;

std::string Datagram(uint8_t transaction, std::string_view options, std::string_view assigned = "\0\0\0\0"sv) {
  std::string text("\1\1\6\0\0\0\0"sv);
  text += static_cast<char>(transaction);
  text += std::string(8, '\0') + std::string(assigned) + std::string(8, '\0');
  text += "\0\x0b\x82\1\xfc\x42"sv;
  text += std::string(10 + 64 + 128, '\0');
  text += "\x63\x82\x53\x63";
  return text.append(options);
}

class FlowContext : public FakeContext {
 public:
  FlowContext() : FakeContext(kSpec, model::Transport::kUdp), flow_(FakeContext::flow()) {
    SetFlow("0.0.0.0", 68, "255.255.255.255", 67, 1);
  }
  const model::FlowInfo& flow() const override { return flow_; }
  void SetFlow(std::string_view orig, uint16_t orig_p, std::string_view resp, uint16_t resp_p, uint64_t number) {
    flow_.uid = model::Uid::Make('C', {number, 0});
    flow_.id = {*model::IpAddress::Parse(orig), *model::IpAddress::Parse(resp), {orig_p}, {resp_p}};
  }
  void Pass(base::Duration time) {
    set_now(now() + time);
    state().Advance(now(), records());
  }

 private:
  model::FlowInfo flow_;
};

class Dhcp : public ::testing::Test {
 protected:
  Dhcp() { context_.Pass({}); }
  void Send(model::Direction from, const std::string& datagram) {
    analyzer_->OnDatagram(from, base::AsBytes(datagram), static_cast<uint32_t>(datagram.size()));
  }

  FlowContext context_;
  std::unique_ptr<Analyzer> analyzer_ = kSpec.make(context_);
};

TEST_F(Dhcp, AConversationIsOneRecord) {
  Send(kOrig, Datagram(7, std::string(kDiscover) + "\x0c\4host\x3d\7\1\0\1\2\3\4\5"s + "\x51\7\0\0\0full"s +
                              std::string(kEnd)));
  Send(kOrig, Datagram(7, std::string(kRequest) + "\x32\4\xc0\xa8\0\x0a\x38\2hi"s + std::string(kEnd)));
  context_.SetFlow("10.0.0.9", 68, "192.168.0.1", 67, 2);
  context_.Pass(seconds(1));
  Send(kResp, Datagram(7, "\x35\1\5\x33\4\0\0\x0e\x10\x0f\4lan\0\x38\2no"s + std::string(kEnd), "\xc0\xa8\0\x0a"sv));
  EXPECT_TRUE(context_.confirmed);
  context_.state().Finish(context_.records());
  ASSERT_THAT(context_.lines, SizeIs(1));
  EXPECT_THAT(context_.lines[0],
              HasSubstr("client_addr=192.168.0.10 server_addr=192.168.0.1 mac=00:01:02:03:04:05 host_name=host "
                        "client_fqdn=full domain=lan requested_addr=192.168.0.10 assigned_addr=192.168.0.10 "
                        "lease_time=3600.000000 client_message=hi server_message=no "
                        "msg_types=[DISCOVER,REQUEST,ACK] duration=1.000000"));
}

TEST_F(Dhcp, TheHeadersHardwareAddressIsTheLastResort) {
  Send(kOrig, Datagram(7, std::string(kDiscover) + "\x3d\2\0x"s + std::string(kEnd)));
  context_.state().Finish(context_.records());
  ASSERT_THAT(context_.lines, SizeIs(1));
  EXPECT_THAT(context_.lines[0], HasSubstr(" mac=00:0b:82:01:fc:42 msg_types=[DISCOVER]"));
}

TEST_F(Dhcp, AServersBroadcast) {
  context_.SetFlow("10.0.0.1", 67, "255.255.255.255", 68, 1);
  Send(kOrig, Datagram(7, std::string(kOffer) + std::string(kEnd), "\x0a\0\0\5"sv));
  context_.state().Finish(context_.records());
  ASSERT_THAT(context_.lines, SizeIs(1));
  EXPECT_THAT(context_.lines[0], HasSubstr("client_addr=10.0.0.5 server_addr=10.0.0.1 mac=00:0b:82:01:fc:42 "));
}

TEST_F(Dhcp, SilenceEndsAConversation) {
  const std::string discover = Datagram(7, std::string(kDiscover) + std::string(kEnd));
  Send(kOrig, discover);
  context_.Pass(seconds(8));
  Send(kOrig, discover);
  context_.Pass(seconds(3));  // looked at, but spoken in 3 seconds ago
  EXPECT_THAT(context_.lines, IsEmpty());
  context_.Pass(seconds(9));  // not looked at
  EXPECT_THAT(context_.lines, IsEmpty());
  context_.Pass(seconds(1));
  ASSERT_THAT(context_.lines, SizeIs(1));
  EXPECT_THAT(context_.lines[0], HasSubstr("msg_types=[DISCOVER,DISCOVER] duration=8.000000"));
}

TEST_F(Dhcp, ManyMessagesEndAConversation) {
  for (int i = 0; i < 60; ++i) Send(kOrig, Datagram(7, std::string(kDiscover) + std::string(kEnd)));
  EXPECT_THAT(context_.lines, SizeIs(1));
  for (uint64_t i = 0; i < 12; ++i) {
    context_.SetFlow("10.0.0.1", 68, "255.255.255.255", 67, i);
    Send(kOrig, Datagram(8, std::string(kDiscover) + std::string(kEnd)));
  }
  EXPECT_THAT(context_.lines, SizeIs(2));
}

TEST_F(Dhcp, ManyConversationsEndTheOldest) {
  auto& conversations = static_cast<Conversations&>(context_.state());
  Message message;
  for (uint32_t i = 0; i < Conversations::kMaxConversations + 5; ++i) {
    message.transaction = i;
    conversations.Add(context_.now(), context_.flow(), kOrig, message, context_.records());
  }
  EXPECT_THAT(context_.lines, SizeIs(5));
}

TEST_F(Dhcp, BrokenMessagesAreNone) {
  for (const std::string& broken :
       {std::string("short"), Datagram(1, kDiscover), Datagram(1, "\x0c\x20short"), Datagram(1, "\x3d\0\xff"s),
        Datagram(1, std::string(kDiscover) + std::string(kEnd)).replace(236, 1, "x")}) {
    context_.violated = false;
    Send(kOrig, broken);
    EXPECT_TRUE(context_.violated) << broken;
  }
  context_.state().Finish(context_.records());
  EXPECT_THAT(context_.lines, IsEmpty());
}

}  // namespace
}  // namespace quaywatch::analyze::dhcp
