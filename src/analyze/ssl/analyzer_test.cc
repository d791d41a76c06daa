// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "analyze/fake_context.h"
#include "analyze/ssl/testdata/handshakes.h"

namespace quaywatch::analyze::ssl {
extern const AnalyzerSpec kSpec;
namespace {

using model::Direction;
using testdata::Flight;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string Unhex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

// What one flow gave: records, weirds, how it ended.
struct Outcome {
  std::vector<std::string> lines;
  std::vector<std::string> weirds;
  bool confirmed = false;
  bool violated = false;
  bool finished = false;
  bool operator==(const Outcome&) const = default;
};

class Flow {
 public:
  explicit Flow(model::Transport transport = model::Transport::kTcp)
      : context_(kSpec, transport), analyzer_(kSpec.make(context_)) {}

  void Stream(Direction from, std::string_view bytes) { analyzer_->OnStream(from, base::AsBytes(bytes)); }
  void Datagram(Direction from, std::string_view bytes) {
    analyzer_->OnDatagram(from, base::AsBytes(bytes), static_cast<uint32_t>(bytes.size()));
  }
  void Gap(Direction from) { analyzer_->OnGap(from, 100); }
  Outcome Close() {
    analyzer_->OnClose();
    return {context_.lines, context_.weirds, context_.confirmed, context_.violated, context_.finished};
  }

 private:
  FakeContext context_;
  std::unique_ptr<Analyzer> analyzer_;
};

// Feeds each flight in pieces of the sizes `next` gives.
template <typename Next>
Outcome Feed(const std::vector<Flight>& flights, Next next) {
  Flow flow;
  for (const Flight& flight : flights) {
    const std::string bytes = Unhex(flight.hex);
    for (size_t at = 0; at < bytes.size();) {
      const size_t size = std::min<size_t>(next(), bytes.size() - at);
      flow.Stream(flight.from, std::string_view(bytes).substr(at, size));
      at += size;
    }
  }
  return flow.Close();
}

Outcome FeedWhole(const std::vector<Flight>& flights) {
  return Feed(flights, [] { return size_t{1} << 20; });
}

std::string Line(const Outcome& outcome, std::string_view log) {
  for (const std::string& line : outcome.lines) {
    if (line.starts_with(std::string(log) + " ")) return line;
  }
  return {};
}

TEST(Tls, Version12) {
  const Outcome outcome = FeedWhole(testdata::kTls12);
  const std::string line = Line(outcome, "ssl");
  EXPECT_THAT(line, HasSubstr("version=TLSv12 cipher=TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"));
  EXPECT_THAT(line, HasSubstr("server_name=web.shop.example resumed=F"));
  EXPECT_THAT(line, HasSubstr("next_protocol=http/1.1 established=T ssl_history=CsxkrnXGYIti"));
  EXPECT_THAT(line, HasSubstr(std::string(testdata::kServerPrint)));
  EXPECT_THAT(line, HasSubstr(std::string(testdata::kAuthorityPrint)));
  EXPECT_THAT(line, HasSubstr(std::string(testdata::kClientPrint)));
  EXPECT_THAT(line, HasSubstr("sni_matches_cert=T"));
  EXPECT_TRUE(outcome.confirmed);
  EXPECT_TRUE(outcome.finished);
  EXPECT_FALSE(outcome.violated);
  EXPECT_THAT(outcome.weirds, IsEmpty());
}

TEST(Tls, CertificatesAreLogged) {
  const Outcome outcome = FeedWhole(testdata::kTls12);
  EXPECT_THAT(outcome.lines, SizeIs(5));  // the server's two, the client's two, the handshake
  const std::string& server = outcome.lines[0];
  EXPECT_THAT(server, HasSubstr(std::string("fingerprint=") + std::string(testdata::kServerPrint)));
  EXPECT_THAT(server, HasSubstr("certificate.version=3 certificate.serial=1234ABCD"));
  EXPECT_THAT(server, HasSubstr("certificate.subject=CN=shop.example,O=Shop\\, Inc."));
  EXPECT_THAT(server, HasSubstr("certificate.issuer=CN=Shop Authority,O=Shop "));
  EXPECT_THAT(server, HasSubstr("certificate.key_alg=id-ecPublicKey certificate.sig_alg=ecdsa-with-SHA256 "
                                "certificate.key_type=ecdsa certificate.key_length=256 "
                                "certificate.curve=prime256v1"));
  EXPECT_THAT(server, HasSubstr("*.shop.example"));
  EXPECT_THAT(server, HasSubstr("192.0.2.7"));
  EXPECT_THAT(server, HasSubstr("basic_constraints.ca=F host_cert=T client_cert=F"));
  EXPECT_THAT(outcome.lines[1], HasSubstr("basic_constraints.ca=T basic_constraints.path_len=1 host_cert=F"));
  EXPECT_THAT(outcome.lines[2], HasSubstr("host_cert=T client_cert=T"));
}

TEST(Tls, ResumedWithATicket) {
  const Outcome outcome = FeedWhole(testdata::kTls12Resumed);
  EXPECT_THAT(outcome.lines, SizeIs(1));
  EXPECT_THAT(Line(outcome, "ssl"), HasSubstr("resumed=T next_protocol=http/1.1 established=T ssl_history=CsiI"));
  EXPECT_THAT(Line(outcome, "ssl"), testing::Not(HasSubstr("cert_chain_fps")));
}

TEST(Tls, Version13) {
  const Outcome outcome = FeedWhole(testdata::kTls13);
  EXPECT_THAT(outcome.lines, SizeIs(1));
  EXPECT_THAT(outcome.lines[0], HasSubstr("version=TLSv13 cipher=TLS_AES_256_GCM_SHA384 curve=x25519 "
                                          "server_name=web.shop.example resumed=F established=T ssl_history=CsiI"));
}

TEST(Tls, TheSameHoweverItIsCut) {
  for (const auto* flights : {&testdata::kTls12, &testdata::kTls12Resumed, &testdata::kTls13}) {
    const Outcome whole = FeedWhole(*flights);
    EXPECT_EQ(Feed(*flights, [] { return 1u; }), whole);
    std::mt19937 random(7);
    for (int i = 0; i < 50; ++i) {
      EXPECT_EQ(Feed(*flights, [&] { return 1 + random() % 700; }), whole);
    }
  }
}

TEST(Tls, AnUnfinishedHandshakeIsLoggedAtTheEnd) {
  Flow flow;
  flow.Stream(Direction::kOrig, Unhex(testdata::kTls12[0].hex));
  flow.Stream(Direction::kResp, Unhex(testdata::kTls12[1].hex));
  const Outcome outcome = flow.Close();
  EXPECT_THAT(Line(outcome, "ssl"), HasSubstr("established=F ssl_history=Csxkrn"));
}

TEST(Tls, NothingIsBelievedAfterAGap) {
  Flow flow;
  flow.Stream(Direction::kOrig, Unhex(testdata::kTls12[0].hex));
  flow.Gap(Direction::kResp);
  flow.Stream(Direction::kResp, Unhex(testdata::kTls12[1].hex));
  const Outcome outcome = flow.Close();
  EXPECT_THAT(outcome.lines, SizeIs(1));
  EXPECT_THAT(outcome.lines[0], HasSubstr("ssl_history=C"));
  EXPECT_THAT(outcome.lines[0], testing::Not(HasSubstr("cipher")));
  EXPECT_TRUE(outcome.finished);
}

TEST(Tls, AlertEndsTheHandshake) {
  Flow flow;
  flow.Stream(Direction::kOrig, Unhex(testdata::kTls12[0].hex));
  flow.Stream(Direction::kResp, Unhex("15030300020228"));
  EXPECT_THAT(Line(flow.Close(), "ssl"), HasSubstr("last_alert=handshake_failure established=F ssl_history=Cl"));
}

TEST(Tls, TooManyAlertsAreWeird) {
  Flow flow;
  flow.Stream(Direction::kOrig, Unhex(testdata::kTls12[0].hex));
  std::string alerts = Unhex("1503030018");
  for (int i = 0; i < 12; ++i) alerts += Unhex("0100");
  flow.Stream(Direction::kResp, alerts);
  const Outcome outcome = flow.Close();
  EXPECT_THAT(outcome.weirds, ElementsAre("SSL_excessive_alerts_in_record"));
  EXPECT_THAT(Line(outcome, "ssl"), HasSubstr("last_alert=close_notify established=F ssl_history=Cllllllllll"));
}

TEST(Tls, OtherProtocolsAreViolations) {
  for (const std::string_view bytes : {"GET / HTTP/1.1\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n"}) {
    Flow flow;
    flow.Stream(Direction::kOrig, bytes);
    const Outcome outcome = flow.Close();
    EXPECT_TRUE(outcome.violated);
    EXPECT_THAT(outcome.lines, IsEmpty());
  }
}

TEST(Tls, WhatWasSeenBeforeAViolationIsLogged) {
  Flow flow;
  flow.Stream(Direction::kOrig, Unhex(testdata::kTls12[0].hex));
  flow.Stream(Direction::kResp, "HTTP/1.1 400 Bad Request\r\n");
  const Outcome outcome = flow.Close();
  EXPECT_TRUE(outcome.violated);
  EXPECT_THAT(outcome.lines, SizeIs(1));
  EXPECT_THAT(outcome.lines[0], HasSubstr("ssl_history=C"));
}

TEST(Tls, TheResponderMayBeTheClient) {
  Flow flow;
  for (const Flight& flight : testdata::kTls12) flow.Stream(model::Reverse(flight.from), Unhex(flight.hex));
  const Outcome outcome = flow.Close();
  EXPECT_THAT(Line(outcome, "ssl"), HasSubstr("established=T ssl_history=^CsxkrnXGYIti"));
  EXPECT_THAT(outcome.lines[0], HasSubstr("host_cert=T client_cert=F"));
}

TEST(Tls, HandshakeMessagesHaveALimit) {
  Flow flow;
  flow.Stream(Direction::kOrig, Unhex("1603010004"
                                      "01ffffff"));
  EXPECT_TRUE(flow.Close().violated);
}

TEST(Tls, HistoryHasALimit) {
  Flow flow;
  flow.Stream(Direction::kOrig, Unhex(testdata::kTls12[0].hex));
  for (int i = 0; i < 200; ++i) flow.Stream(Direction::kResp, Unhex("15030300020100"));
  const Outcome outcome = flow.Close();
  EXPECT_THAT(outcome.weirds, ElementsAre("SSL_max_ssl_history_length_reached"));
  EXPECT_THAT(Line(outcome, "ssl"), HasSubstr("ssl_history=C" + std::string(99, 'l')));
}

TEST(Tls, BrokenBytesAreHarmless) {
  std::mt19937 random(11);
  for (int i = 0; i < 1000; ++i) {
    const auto& flights = i % 3 == 0 ? testdata::kTls12 : i % 3 == 1 ? testdata::kTls13 : testdata::kTls12Resumed;
    Flow flow;
    for (const Flight& flight : flights) {
      std::string bytes = Unhex(flight.hex);
      for (unsigned n = random() % 4; n > 0; --n) bytes[random() % bytes.size()] = static_cast<char>(random());
      if (random() % 8 == 0) bytes.resize(random() % bytes.size());
      flow.Stream(flight.from, bytes);
    }
    EXPECT_LE(flow.Close().lines.size(), 10u);
  }
}

// draft-hickman-netscape-ssl-00: hello, hello with two suites and no certificate, master key.
TEST(Ssl2, Handshake) {
  Flow flow;
  flow.Stream(Direction::kOrig, Unhex("801c"
                                      "01"
                                      "0002"
                                      "0003"
                                      "0000"
                                      "0010"
                                      "010080"
                                      "00112233445566778899aabbccddeeff"));
  flow.Stream(Direction::kResp, Unhex("8014"
                                      "04"
                                      "00"
                                      "01"
                                      "0002"
                                      "0000"
                                      "0003"
                                      "0006"
                                      "010080"
                                      "aabbccddeeff"));
  flow.Stream(Direction::kOrig, Unhex("800c"
                                      "02"
                                      "010080"
                                      "0000"
                                      "0002"
                                      "0000"
                                      "1234"));
  const Outcome outcome = flow.Close();
  EXPECT_THAT(Line(outcome, "ssl"), HasSubstr("version=SSLv2 cipher=SSLv20_CK_RC4_128_WITH_MD5 resumed=F "
                                              "established=T ssl_history=Cs"));
}

TEST(Dtls, Version12) {
  Flow flow(model::Transport::kUdp);
  for (const Flight& flight : testdata::kDtls12) flow.Datagram(flight.from, Unhex(flight.hex));
  const Outcome outcome = flow.Close();
  const std::string line = Line(outcome, "ssl");
  EXPECT_THAT(line, HasSubstr("version=DTLSv12 cipher=TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 curve=x25519 "
                              "server_name=web.shop.example"));
  EXPECT_THAT(line, HasSubstr("established=T ssl_history=CvCsxknGIti"));
  EXPECT_THAT(line, HasSubstr(std::string(testdata::kServerPrint)));
  EXPECT_THAT(line, HasSubstr("sni_matches_cert=T"));
  EXPECT_TRUE(outcome.confirmed);
}

TEST(Dtls, FragmentsMayComeInAnyOrderAndTwice) {
  Flow flow(model::Transport::kUdp);
  // A client's hello of 38 bytes in three fragments, the last first and the middle twice.
  const std::string body = Unhex("fefd") + std::string(32, 'r') +
                           Unhex(
                               "00"
                               "00"
                               "0002"
                               "c02c"
                               "01"
                               "00");
  const auto fragment = [&](uint8_t record, size_t offset, size_t size) {
    std::string datagram = Unhex("16fefd00000000000000") + static_cast<char>(record);
    const auto add = [&](size_t value, int bytes) {
      while (bytes-- > 0) datagram += static_cast<char>(value >> (8 * bytes));
    };
    add(12 + size, 2);
    datagram += '\x01';
    add(body.size(), 3);
    add(0, 2);
    add(offset, 3);
    add(size, 3);
    return datagram + body.substr(offset, size);
  };
  flow.Datagram(Direction::kOrig, fragment(3, 30, body.size() - 30));
  flow.Datagram(Direction::kOrig, fragment(2, 10, 20));
  flow.Datagram(Direction::kOrig, fragment(4, 10, 20));
  flow.Datagram(Direction::kOrig, fragment(1, 0, 10));
  flow.Datagram(Direction::kOrig, fragment(5, 0, 10));
  const Outcome outcome = flow.Close();
  EXPECT_TRUE(outcome.confirmed);
  EXPECT_THAT(Line(outcome, "ssl"), testing::EndsWith("ssl_history=C"));
}

TEST(Dtls, BrokenBytesAreHarmless) {
  std::mt19937 random(13);
  for (int i = 0; i < 1000; ++i) {
    Flow flow(model::Transport::kUdp);
    for (const Flight& flight : testdata::kDtls12) {
      std::string bytes = Unhex(flight.hex);
      for (unsigned n = random() % 4; n > 0; --n) bytes[random() % bytes.size()] = static_cast<char>(random());
      if (random() % 8 == 0) bytes.resize(random() % bytes.size());
      flow.Datagram(flight.from, bytes);
    }
    EXPECT_LE(flow.Close().lines.size(), 10u);
  }
}

TEST(Dtls, EncryptedFromTheBeginningIsSomethingElse) {
  Flow flow(model::Transport::kUdp);
  flow.Datagram(Direction::kOrig, "2\x01\x01 a question");
  flow.Datagram(Direction::kResp, "2\x01\x01 an answer");
  const Outcome outcome = flow.Close();
  EXPECT_TRUE(outcome.violated);
  EXPECT_THAT(outcome.lines, IsEmpty());
}

TEST(Dtls, StunIsNoViolation) {
  Flow flow(model::Transport::kUdp);
  flow.Datagram(Direction::kOrig, Unhex("00010008"
                                        "2112a442"
                                        "000102030405060708090a0b"
                                        "0020000400000000"));
  const Outcome outcome = flow.Close();
  EXPECT_FALSE(outcome.violated);
  EXPECT_THAT(outcome.lines, IsEmpty());
}

TEST(Probe, KnowsHellos) {
  const std::string client = Unhex(testdata::kTls13[0].hex);
  const std::string server = Unhex(testdata::kTls13[1].hex);
  const auto probe = [](std::string_view orig, std::string_view resp) {
    return kSpec.probe_tcp({base::AsBytes(orig), base::AsBytes(resp)});
  };
  EXPECT_EQ(probe(client, ""), ProbeResult::kYes);
  EXPECT_EQ(probe("", server), ProbeResult::kYes);
  EXPECT_EQ(probe("", Unhex("15030300020170") + server), ProbeResult::kYes);
  EXPECT_EQ(probe(client.substr(0, 8), ""), ProbeResult::kMore);
  EXPECT_EQ(probe("GET / HTTP/1.1", ""), ProbeResult::kMore);
  EXPECT_EQ(probe("GET / HTTP/1.1", "HTTP/1.1 200"), ProbeResult::kNo);
  const std::string hello = Unhex(testdata::kDtls12[0].hex);
  EXPECT_EQ(kSpec.probe_udp({base::AsBytes(hello), {}}), ProbeResult::kYes);
  EXPECT_EQ(kSpec.probe_udp({base::AsBytes(client), {}}), ProbeResult::kNo);
}

}  // namespace
}  // namespace quaywatch::analyze::ssl
