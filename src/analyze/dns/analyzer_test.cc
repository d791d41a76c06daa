// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "analyze/dns/message_builder.h"
#include "analyze/fake_context.h"

namespace quaywatch::analyze::dns {
extern const AnalyzerSpec kSpec;
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using enum model::Direction;
using namespace std::string_view_literals;

constexpr uint16_t kAsk = 0x0100;
constexpr uint16_t kAnswer = 0x8180;

class FlowContext : public FakeContext {
 public:
  explicit FlowContext(model::Transport transport = model::Transport::kUdp, std::string_view responder = "10.0.0.2",
                       uint16_t port = 53)
      : FakeContext(kSpec, transport), flow_(FakeContext::flow()) {
    flow_.id.resp_h = *model::IpAddress::Parse(responder);
    flow_.id.resp_p = {port};
  }
  const model::FlowInfo& flow() const override { return flow_; }
  void FlipRoles() override {
    std::swap(flow_.id.orig_h, flow_.id.resp_h);
    std::swap(flow_.id.orig_p, flow_.id.resp_p);
  }
  void Pass(base::Duration time) { set_now(now() + time); }

 private:
  model::FlowInfo flow_;
};

class DnsOverUdp : public ::testing::Test {
 protected:
  void Use(FlowContext& context) { analyzer_ = kSpec.make(context); }
  void Send(model::Direction from, const MessageBuilder& message) { Send(from, message.bytes()); }
  void Send(model::Direction from, base::Bytes bytes) {
    analyzer_->OnDatagram(from, bytes, static_cast<uint32_t>(bytes.size()));
  }
  // A question and an answer with one record, 250 ms later.
  void Exchange(uint16_t type, std::string_view rdata) {
    Send(kOrig, MessageBuilder(7, kAsk, 1, 0).Question("Host.Example", type));
    context_.Pass(std::chrono::milliseconds(250));
    Send(kResp, MessageBuilder(7, kAnswer, 1, 1).Question("Host.Example", type).Record(type, rdata));
    analyzer_->OnClose();
  }
  std::string AnswerOf(uint16_t type, std::string_view rdata) {
    Exchange(type, rdata);
    if (context_.lines.size() != 1) return "no single record";
    const std::string& line = context_.lines[0];
    constexpr std::string_view kBefore = " answers=[";
    const size_t at = line.find(kBefore);
    if (at == std::string::npos) return "none";
    const size_t begin = at + kBefore.size();
    return line.substr(begin, line.find("] TTLs=") - begin);
  }

  FlowContext context_;
  std::unique_ptr<Analyzer> analyzer_ = kSpec.make(context_);
};

TEST_F(DnsOverUdp, QuestionAndAnswerAreOneRecord) {
  Exchange(1, "\x0a\x60\x00\x01"sv);
  ASSERT_THAT(context_.lines, SizeIs(1));
  EXPECT_THAT(context_.lines[0],
              HasSubstr("proto=udp trans_id=7 rtt=0.250000 query=host.example qclass=1 qclass_name=C_INTERNET qtype=1 "
                        "qtype_name=A rcode=0 rcode_name=NOERROR AA=F TC=F RD=T RA=T Z=0 answers=[10.96.0.1] "
                        "TTLs=[60.000000] rejected=F opcode=0 opcode_name=query"));
  EXPECT_TRUE(context_.confirmed);
  EXPECT_THAT(context_.weirds, IsEmpty());
}

struct WordsCase {
  uint16_t type;
  std::string_view rdata;
  std::string_view words;
};
void PrintTo(const WordsCase& words_case, std::ostream* out) { *out << words_case.type << " " << words_case.words; }

class AnswerWords : public DnsOverUdp, public ::testing::WithParamInterface<WordsCase> {};

TEST_P(AnswerWords, AreZeeks) { EXPECT_EQ(AnswerOf(GetParam().type, GetParam().rdata), GetParam().words); }

INSTANTIATE_TEST_SUITE_P(
    Types, AnswerWords,
    ::testing::Values(
        WordsCase{28, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"sv, "2001:db8::1"},
        WordsCase{5, "\3WWW\xc0\x0c"sv, "www.host.example"}, WordsCase{2, "\2ns\0"sv, "ns"},
        WordsCase{15, "\0\x0a\4mail\xc0\x0c"sv, "mail.host.example"},
        WordsCase{33, "\0\1\0\2\x1f\x90\xc0\x0c"sv, "host.example"},
        WordsCase{6, "\2ns\xc0\x0c\4root\xc0\x0c\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5"sv, "ns.host.example"},
        WordsCase{16, "\5hello\0\2hi"sv, "TXT 5 hello TXT 0  TXT 2 hi"}, WordsCase{99, "\2v1"sv, "SPF 2 v1"},
        WordsCase{35, "\0\x64\0\x0a\1s\7SIP+D2U\0\xc0\x0c"sv, "NAPTR 100 10 s SIP+D2U host.example"},
        WordsCase{35, "\0\x64\0\x0a\1u\3E2U\4!x!y\0"sv, "NAPTR 100 10 u E2U !x!y"},
        WordsCase{44, "\1\2\xca\xfe"sv, "SSHFP: cafe"},
        WordsCase{29, "\0\x12\x16\x13\0\0\0\1\0\0\0\2\0\0\0\3"sv, "LOC:  18 22 19"},
        WordsCase{43, "\x30\x39\x0d\2\xaa\xbb"sv, "DS 13 2"}, WordsCase{48, "\1\1\3\x08key"sv, "DNSKEY 8"},
        WordsCase{46, "\0\1\x0d\2\0\0\0\1\0\0\0\2\0\0\0\3\0\x09\0sig"sv, "RRSIG 1 <Root>"},
        WordsCase{47, "\4next\xc0\x0c\0\1\x40"sv, "NSEC host.example next.host.example"},
        WordsCase{50, "\1\0\0\1\2ab\2cd\0\1\x40"sv, "NSEC3"}, WordsCase{51, "\1\0\0\1\2ab"sv, "NSEC3PARAM"},
        WordsCase{65534, "\5\0\1\0\1"sv, "BIND9 signing signal"}, WordsCase{37, "xyz"sv, "<unknown type=37>"},
        WordsCase{13, "\3CPU\2OS"sv, "none"}, WordsCase{257, "\0\5issueca.example"sv, "none"},
        WordsCase{65, "\0\1\0\0\1\0\3\2h2"sv, "none"}));

TEST_F(DnsOverUdp, WksIsSeenWithoutWords) {
  Exchange(11, "\x0a\0\0\1\6\1"sv);
  ASSERT_THAT(context_.lines, SizeIs(1));
  EXPECT_THAT(context_.lines[0], HasSubstr("rtt=0.250000"));
  EXPECT_THAT(context_.lines[0], Not(HasSubstr("answers=")));
}

TEST_F(DnsOverUdp, AnAnswerWithoutRecordsRejects) {
  Send(kOrig, MessageBuilder(7, kAsk, 1, 0).Question("a.example", 28));
  Send(kResp, MessageBuilder(7, 0x8183, 1, 0).Question("a.example", 28));
  ASSERT_THAT(context_.lines, SizeIs(1));
  EXPECT_THAT(context_.lines[0], HasSubstr("rcode=3 rcode_name=NXDOMAIN AA=F TC=F RD=T RA=F Z=0 rejected=T"));
}

TEST_F(DnsOverUdp, PairsByNumberInOrder) {
  for (const auto& [id, name] : {std::pair(1, "a"), {2, "b"}, {1, "c"}, {3, "d"}}) {
    Send(kOrig, MessageBuilder(static_cast<uint16_t>(id), kAsk, 1, 0).Question(name, 1));
  }
  for (const uint16_t id : {1, 3, 1}) {
    Send(kResp, MessageBuilder(id, 0x8580, 1, 1).Question("x", 1).Record(1, "\1\1\1\1"sv));
  }
  Send(kResp, MessageBuilder(9, kAnswer, 1, 1).Question("late", 1).Record(1, "\1\1\1\1"sv));
  ASSERT_THAT(context_.lines, SizeIs(3));
  EXPECT_THAT(context_.lines[0], HasSubstr("trans_id=1 query=a "));
  EXPECT_THAT(context_.lines[1], HasSubstr("trans_id=3 query=d "));
  EXPECT_THAT(context_.lines[2], HasSubstr("trans_id=1 query=c "));
  analyzer_->OnClose();
  ASSERT_THAT(context_.lines, SizeIs(5));
  EXPECT_THAT(context_.lines[3], HasSubstr("trans_id=2 query=b "));
  EXPECT_THAT(context_.lines[4], HasSubstr("trans_id=9 query=late rcode=0"));
}

TEST_F(DnsOverUdp, AQuestionSeenLateMeetsItsAnswer) {
  Send(kResp, MessageBuilder(4, kAnswer, 1, 1).Question("a.example", 1).Record(1, "\1\1\1\1"sv));
  Send(kOrig, MessageBuilder(4, kAsk, 1, 0).Question("a.example", 1));
  ASSERT_THAT(context_.lines, SizeIs(1));
  EXPECT_THAT(context_.lines[0], HasSubstr("trans_id=4 query=a.example qclass=1"));
}

TEST_F(DnsOverUdp, WhoAnswersFirstIsTheResponder) {
  Send(kOrig, MessageBuilder(4, kAnswer, 1, 1).Question("a.example", 1).Record(1, "\1\1\1\1"sv));
  Send(kOrig, MessageBuilder(5, kAnswer, 1, 1).Question("a.example", 1).Record(1, "\1\1\1\1"sv));
  analyzer_->OnClose();
  ASSERT_THAT(context_.lines, SizeIs(2));
  EXPECT_THAT(context_.lines[0], HasSubstr("id.orig_h=10.0.0.2 id.orig_p=53 id.resp_h=10.0.0.1 id.resp_p=40000"));
  EXPECT_THAT(context_.lines[1], HasSubstr("id.orig_h=10.0.0.2 id.orig_p=53 id.resp_h=10.0.0.1 id.resp_p=40000"));
}

TEST_F(DnsOverUdp, TooManyWaitingAreLetGo) {
  for (uint16_t id = 0; id < 60; ++id) Send(kOrig, MessageBuilder(id, kAsk, 1, 0).Question("a", 1));
  // One waits apart from the 51 that are let go for the 53rd.
  EXPECT_THAT(context_.lines, SizeIs(51));
  for (int i = 0; i < 60; ++i) Send(kResp, MessageBuilder(99, kAnswer, 1, 0).Question("a", 1));
  EXPECT_THAT(context_.lines, SizeIs(51 + 51));
  analyzer_->OnClose();
  EXPECT_THAT(context_.lines, SizeIs(120));
}

TEST_F(DnsOverUdp, AnswersWithoutQuestionsTakeLimitedMemory) {
  const std::string text = std::string(1, '\xff') + std::string(255, 'x');
  for (uint16_t id = 0; id < 40; ++id) {
    MessageBuilder message(id, kAnswer, 1, 200);
    message.Question("a", 16);
    for (int i = 0; i < 200; ++i) message.Record(16, text);
    Send(kResp, message);
  }
  EXPECT_THAT(context_.lines, Not(IsEmpty()));
}

TEST_F(DnsOverUdp, MulticastDns) {
  FlowContext context(model::Transport::kUdp, "224.0.0.251", 5353);
  Use(context);
  Send(kOrig, MessageBuilder(0, 0, 1, 0).Question("_http._tcp.local", 12, 0x8001));
  Send(kOrig, MessageBuilder(0, 0x8400, 0, 1).Name("x.local").U16(1).U16(0x8001).U32(9).U16(4).Raw("\1\2\3\4"));
  ASSERT_THAT(context.lines, SizeIs(1));
  EXPECT_THAT(context.lines[0], HasSubstr("query=_http._tcp.local qclass=32769 qclass_name=qclass-32769 qtype=12 "
                                          "qtype_name=PTR rcode=0 rcode_name=NOERROR AA=T"));
}

TEST_F(DnsOverUdp, NetbiosNames) {
  FlowContext context(model::Transport::kUdp, "10.0.0.255", 137);
  Use(context);
  Send(kOrig, MessageBuilder(1, 0x2910, 1, 0).Question("FHEPFCELEHFCEPFFFACACACACACACABN", 32));
  Send(kOrig, MessageBuilder(2, 0x0010, 1, 0).Question("CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 33));
  analyzer_->OnClose();
  ASSERT_THAT(context.lines, SizeIs(2));
  EXPECT_THAT(context.lines[0],
              HasSubstr("query=WORKGROUP qclass=1 qclass_name=C_INTERNET qtype=32 qtype_name=NIMLOC"));
  EXPECT_THAT(context.lines[0], EndsWith("Z=1 rejected=F opcode=5 opcode_name=netbios-registration"));
  EXPECT_THAT(context.lines[1], HasSubstr("query=* qclass=1 qclass_name=C_INTERNET qtype=33 qtype_name=NBSTAT"));
}

TEST_F(DnsOverUdp, DynamicUpdate) {
  const auto update = [](uint16_t flags) {
    return MessageBuilder(3, flags, 1, 2, 5)
        .Question("zone.example", 6)
        .Record(5, "", 0, 254)
        .Record(255, "", 0, 255)
        .Record(28, "", 0, 255)
        .Record(5, "", 0, 254)
        .Record(255, "", 0, 255)
        .Record(1, "\1\2\3\4"sv, 0, 254)
        .Record(1, "\1\2\3\4"sv, 1200);
  };
  Send(kOrig, update(0x2800));
  Send(kResp, update(0xa805));
  ASSERT_THAT(context_.lines, SizeIs(1));
  EXPECT_THAT(context_.lines[0], HasSubstr("query=zone.example rcode=5 rcode_name=REFUSED"));
  EXPECT_THAT(context_.lines[0],
              HasSubstr("answers=[pre: NoRRSet CNAME zone.example,pre: NameInUse zone.example,del: RRSet AAAA,"
                        "del: RRSet * zone.example,del: RR A zone.example,add: A zone.example 1.2.3.4] "));
  EXPECT_THAT(context_.lines[0], EndsWith("opcode=5 opcode_name=dynamic-update"));
  EXPECT_THAT(context_.weirds, IsEmpty());
}

TEST_F(DnsOverUdp, OtherOpcodesAreWeird) {
  Send(kOrig, MessageBuilder(3, 0x7800, 1, 0).Question("a", 1));
  analyzer_->OnClose();
  EXPECT_THAT(context_.lines, IsEmpty());
  EXPECT_THAT(context_.weirds, ElementsAre("DNS_unknown_opcode"));
  EXPECT_FALSE(context_.confirmed);
}

TEST_F(DnsOverUdp, TooManyQuestionsAreSomethingElse) {
  Send(kOrig, MessageBuilder(3, kAsk, 26, 0).Question("a", 1));
  analyzer_->OnClose();
  EXPECT_THAT(context_.lines, SizeIs(1));
  EXPECT_THAT(context_.weirds, ElementsAre("DNS_Conn_count_too_large"));
  EXPECT_TRUE(context_.violated);
}

TEST_F(DnsOverUdp, BrokenMessagesYieldWhatIsThere) {
  Send(kOrig, base::AsBytes("short"));
  Send(kOrig, MessageBuilder(1, kAsk, 1, 0).Raw("\5ab"));
  Send(kOrig, MessageBuilder(2, kAsk, 1, 0).Name("a").U16(1));
  Send(kOrig, MessageBuilder(3, kAsk, 1, 0).Raw("\xc0\x0c").U32(0));
  Send(kOrig, MessageBuilder(4, kAsk, 1, 0).Raw("\xc0\x20").U32(0));
  Send(kResp, MessageBuilder(5, kAnswer, 1, 1).Question("a", 1).U16(0xc00c).U16(1).U16(1).U32(0).U16(9));
  Send(kResp, MessageBuilder(6, kAnswer, 1, 2).Question("a", 1).Record(1, "abcde"));
  Send(kResp, MessageBuilder(7, kAnswer, 1, 2).Question("a", 1).Record(1, "").Record(1, "abcd"));
  analyzer_->OnClose();
  EXPECT_THAT(context_.lines, SizeIs(7));
  EXPECT_THAT(context_.weirds,
              ElementsAre("DNS_truncated_len_lt_hdr_len", "DNS_label_len_gt_pkt", "DNS_truncated_quest_too_short",
                          "DNS_truncated_quest_too_short", "DNS_label_forward_compress_offset",
                          "DNS_label_forward_compress_offset", "DNS_truncated_RR_rdlength_lt_len", "DNS_RR_bad_length",
                          "DNS_zero_rdlength"));
}

TEST_F(DnsOverUdp, LongNames) {
  std::string label(64, 'x');
  Send(kOrig, MessageBuilder(1, kAsk, 1, 0).Raw("\x40" + label + std::string(5, '\0')));
  MessageBuilder deep(2, kAsk, 1, 0);
  for (int i = 0; i < 300; ++i) deep.Raw("\1a");
  Send(kOrig, deep.U8(0).U16(1).U16(1));
  EXPECT_THAT(context_.weirds, ElementsAre("DNS_label_too_long", "DNS_label_len_gt_name_len", "DNS_NAME_too_long"));
}

TEST_F(DnsOverUdp, ChainsOfPointersEnd) {
  MessageBuilder message(1, kAnswer, 1, 1);
  message.Question("a", 1);
  uint16_t at = 12;
  for (int i = 0; i < 5000; ++i) {
    message.U16(static_cast<uint16_t>(0xc000 | at));
    at = static_cast<uint16_t>(19 + 2 * i);
  }
  Send(kResp, message);
  EXPECT_THAT(context_.weirds, SizeIs(1));
}

TEST(DnsOverTcp, AnyCutGivesTheSameRecords) {
  const std::string ask = MessageBuilder(1, kAsk, 1, 0).Question("a.example", 252).Framed() + std::string("\0\0", 2) +
                          MessageBuilder(2, kAsk, 1, 0).Question("b.example", 1).Framed();
  const std::string reply =
      MessageBuilder(1, kAnswer, 1, 1).Question("a.example", 252).Record(16, "\1x").Framed() +
      MessageBuilder(1, kAnswer, 1, 1).Question("a.example", 252).Record(16, "\1y").Framed() +
      MessageBuilder(2, kAnswer, 1, 1).Question("b.example", 1).Record(1, "\1\2\3\4").Framed().substr(0, 40);
  const auto run = [&](auto next_size) {
    FlowContext context(model::Transport::kTcp);
    const auto analyzer = kSpec.make(context);
    for (const auto& [from, text] : {std::pair(kOrig, ask), {kResp, reply}}) {
      for (size_t at = 0; at < text.size();) {
        const size_t size = std::min<size_t>(next_size(), text.size() - at);
        analyzer->OnStream(from, base::AsBytes(std::string_view(text).substr(at, size)));
        at += size;
      }
      analyzer->OnEndOfStream(from);
    }
    analyzer->OnClose();
    context.lines.insert(context.lines.end(), context.weirds.begin(), context.weirds.end());
    return context.lines;
  };
  const auto whole = run([] { return 100'000; });
  ASSERT_THAT(whole, SizeIs(5));
  EXPECT_THAT(whole[0], HasSubstr("proto=tcp trans_id=1 query=a.example qclass=1 qclass_name=C_INTERNET qtype=252"));
  EXPECT_THAT(whole[1], HasSubstr("query=b.example"));
  EXPECT_THAT(whole[2], HasSubstr("answers=[TXT 1 y]"));
  EXPECT_EQ(whole[3], "DNS_truncated_len_lt_hdr_len");
  EXPECT_EQ(run([] { return 1; }), whole);
  std::mt19937 random(1);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(run([&] { return 1 + random() % 30; }), whole);
}

TEST(DnsOverTcp, AStreamOfZerosIsSomethingElse) {
  FlowContext context(model::Transport::kTcp);
  const auto analyzer = kSpec.make(context);
  analyzer->OnStream(kOrig, base::AsBytes(std::string(100'000, '\0')));
  EXPECT_TRUE(context.violated);
  EXPECT_LE(context.weirds.size(), 101u);
}

TEST(DnsOverTcp, AGapCostsTheMessagesItTouches) {
  FlowContext context(model::Transport::kTcp);
  const auto analyzer = kSpec.make(context);
  const std::string first = MessageBuilder(1, kAsk, 1, 0).Question("a.example", 1).Framed();
  const std::string second = MessageBuilder(2, kAsk, 1, 0).Question("b.example", 1).Framed();
  analyzer->OnStream(kOrig, base::AsBytes(std::string_view(first).substr(0, 10)));
  analyzer->OnGap(kOrig, 5);
  analyzer->OnStream(kOrig, base::AsBytes(first.substr(15) + second));
  analyzer->OnGap(kOrig, 5);
  analyzer->OnStream(kOrig, base::AsBytes(first));
  analyzer->OnClose();
  ASSERT_THAT(context.lines, SizeIs(1));
  EXPECT_THAT(context.lines[0], HasSubstr("query=b.example"));
}

TEST(DnsProbe, KnowsQuestionsAndAnswersElsewhere) {
  const MessageBuilder question = MessageBuilder(1, kAsk, 1, 0).Question("a.example", 1);
  const MessageBuilder answer = MessageBuilder(1, kAnswer, 1, 1).Question("a.example", 1).Record(1, "\1\2\3\4");
  EXPECT_EQ(kSpec.probe_udp({.orig = question.bytes(), .resp = {}}), ProbeResult::kYes);
  EXPECT_EQ(kSpec.probe_udp({.orig = {}, .resp = answer.bytes()}), ProbeResult::kYes);
  const std::string framed = question.Framed();
  EXPECT_EQ(kSpec.probe_tcp({.orig = base::AsBytes(framed), .resp = {}}), ProbeResult::kYes);
  EXPECT_EQ(kSpec.probe_tcp({.orig = base::AsBytes(framed).first(20), .resp = {}}), ProbeResult::kMore);
}

TEST(DnsProbe, IsStrict) {
  const auto probe = [](const MessageBuilder& message) {
    return kSpec.probe_udp({.orig = message.bytes(), .resp = {}});
  };
  EXPECT_EQ(probe(MessageBuilder(1, kAsk, 1, 0).Question("a.example", 1).U8(0)), ProbeResult::kNo);
  EXPECT_EQ(probe(MessageBuilder(1, kAsk, 1, 0).Question("a.example", 4711)), ProbeResult::kNo);
  EXPECT_EQ(probe(MessageBuilder(1, kAsk, 1, 0).Question("a.example", 1, 7)), ProbeResult::kNo);
  EXPECT_EQ(probe(MessageBuilder(1, kAsk, 2, 0).Question("a.example", 1)), ProbeResult::kNo);
  EXPECT_EQ(probe(MessageBuilder(1, 0x2900, 1, 0).Question("a.example", 1)), ProbeResult::kNo);
  EXPECT_EQ(probe(MessageBuilder(1, 0, 0, 0)), ProbeResult::kNo);
}

}  // namespace
}  // namespace quaywatch::analyze::dns
