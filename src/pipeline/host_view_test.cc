// SPDX-License-Identifier: Apache-2.0
//
// Packets as a machine with several interfaces shows them, through a whole worker.
#include "pipeline/host_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "decode/packet_builder.h"
#include "pipeline/fake_names.h"
#include "pipeline/worker.h"

namespace quaywatch::pipeline {
namespace {

using decode::PacketBuilder;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr unsigned kSyn = 2;
constexpr unsigned kAck = 16;
constexpr unsigned kPush = 8;
constexpr unsigned kFin = 1;

struct Point {
  uint32_t interface;
  bool outgoing = false;
  uint32_t netns = 0;
};
constexpr Point kClientVeth{10};
constexpr Point kBridge{3};
constexpr Point kServerVeth{11, true};

class HostViewTest : public testing::Test {
 protected:
  HostViewTest() {
    options_.emit.push_back({.format = emit::Format::kJson, .logs = {"conn", "http"}, .names = true});
    options_.host.names = &names_;
    worker_ = std::make_unique<Worker>(options_);
  }

  void See(const std::string& bytes, Point at) {
    now_ += std::chrono::microseconds(20);
    clock_.Advance(now_);
    worker_->Packet({.ts = now_,
                     .data = base::AsBytes(bytes),
                     .wire_length = static_cast<uint32_t>(bytes.size()),
                     .link = model::LinkType::kEthernet,
                     .interface = at.interface,
                     .netns = at.netns,
                     .outgoing = at.outgoing,
                     .number = ++number_},
                    clock_);
  }
  static std::string Segment(bool from_client, unsigned flags, uint32_t seq, uint32_t ack, const std::string& data) {
    PacketBuilder packet;
    packet.Ethernet(0x0800);
    if (from_client) {
      packet.Ipv4({.src = "10.0.0.1", .dst = "10.0.0.2"}).Tcp(40000, 80, flags, seq, ack).Raw(data);
    } else {
      packet.Ipv4({.src = "10.0.0.2", .dst = "10.0.0.1"}).Tcp(80, 40000, flags, seq, ack).Raw(data);
    }
    return packet.Build();
  }
  // From the client's side to the server's, and back.
  void Send(unsigned flags, uint32_t seq, uint32_t ack, const std::string& data = {}) {
    for (const Point at : {kClientVeth, kBridge, kServerVeth}) See(Segment(true, flags, seq, ack, data), at);
  }
  void Answer(unsigned flags, uint32_t seq, uint32_t ack, const std::string& data = {}) {
    for (const Point at : {Point{11}, kBridge, Point{10, true}}) See(Segment(false, flags, seq, ack, data), at);
  }
  std::string Records() {
    worker_->Finish();
    std::string text;
    for (const auto& way : worker_->TakeOutput().blocks) {
      for (const emit::Block& block : way) text += block.text;
    }
    return text;
  }
  static size_t Lines(const std::string& text) { return static_cast<size_t>(std::ranges::count(text, '\n')); }

  base::Timestamp now_ = base::FromUnixNanos(1'700'000'000'000'000'000);
  uint64_t number_ = 0;
  Clock clock_;
  FakeNames names_;
  Options options_;
  std::unique_ptr<Worker> worker_;
};

TEST_F(HostViewTest, ThreeSightingsAreOneConnection) {
  Send(kSyn, 100, 0);
  Answer(kSyn | kAck, 500, 101);
  Send(kAck, 101, 501);
  Send(kAck | kPush, 101, 501, "GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
  Answer(kAck | kPush, 501, 131, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  Send(kAck | kFin, 131, 541);
  Answer(kAck | kFin, 541, 132);
  Send(kAck, 132, 542);
  const std::string records = Records();
  EXPECT_EQ(Lines(records), 2u) << records;
  EXPECT_THAT(records, AllOf(HasSubstr(R"("log":"http")"), HasSubstr(R"("conn_state":"SF")"),
                             HasSubstr(R"("history":"ShADdFf")"), HasSubstr(R"("orig_pkts":5)"),
                             HasSubstr(R"("resp_pkts":3)"), HasSubstr(R"("orig_bytes":30)")));
  EXPECT_THAT(records, AllOf(HasSubstr(R"("sightings":3)"), HasSubstr(R"("interfaces":["veth10","veth3","veth11"])"),
                             HasSubstr(R"("reporter":true)")));
  EXPECT_EQ(worker_->host_counters().copies, 16u);
}

TEST_F(HostViewTest, WhoHasTheLowerPortIsTheResponderOfWhatWasGoingOn) {
  Answer(kAck | kPush, 501, 131, "news");
  Send(kAck, 131, 505);
  EXPECT_THAT(Records(), AllOf(HasSubstr(R"("id.orig_p":40000,"id.resp_h":"10.0.0.2","id.resp_p":80)"),
                               HasSubstr(R"("resp_bytes":4)"), HasSubstr(R"("notes":["midstream","no_conntrack"])")));
}

TEST_F(HostViewTest, WithoutALookupEachPacketCounts) {
  options_.host.names = nullptr;
  options_.emit[0].names = false;
  worker_ = std::make_unique<Worker>(options_);
  Send(kSyn, 100, 0);
  EXPECT_THAT(Records(), AllOf(HasSubstr(R"("orig_pkts":3)"), Not(HasSubstr("sightings"))));
}

TEST_F(HostViewTest, ALoopbackOfEachNamespace) {
  const std::string packet = PacketBuilder()
                                 .Ethernet(0x0800)
                                 .Ipv4({.src = "127.0.0.1", .dst = "127.0.0.1", .proto = 17})
                                 .Udp(40000, 9999)
                                 .Raw("hi")
                                 .Build();
  See(packet, {1, false, 0});
  See(packet, {1, false, 4026532001});
  See(packet, {1, false, 4026532002});
  See(packet, {1, false, 4026532002});
  const std::string records = Records();
  EXPECT_EQ(Lines(records), 3u) << records;
  EXPECT_THAT(records, HasSubstr(R"("orig_pkts":2)"));
  EXPECT_THAT(records, HasSubstr(R"("interfaces":["net:4026532001/eth0"])"));
}

TEST_F(HostViewTest, NotesWhatLimitsTheRecord) {
  Send(kAck | kPush, 101, 501, "the middle of something");
  const std::string records = Records();
  EXPECT_THAT(records, HasSubstr(R"("notes":["midstream","no_conntrack"])"));
}

TEST_F(HostViewTest, AnotherMachineReportsWhatBeginsThere) {
  names_.Add("10.0.0.1", model::EndpointKind::kNode, "worker-2");
  Send(kSyn, 100, 0);
  EXPECT_THAT(Records(), HasSubstr(R"("reporter":false)"));
}

TEST_F(HostViewTest, NamesTheServiceThatWasAsked) {
  names_.services["10.0.0.2"] = "shop/cart";
  Send(kSyn, 100, 0);
  EXPECT_THAT(Records(), HasSubstr(R"("via_service":"shop/cart")"));
}

}  // namespace
}  // namespace quaywatch::pipeline
