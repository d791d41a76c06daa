// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>

#include "analyze/fake_context.h"
#include "analyze/ssh/match.h"

namespace quaywatch::analyze::ssh {
extern const AnalyzerSpec kSpec;
namespace {

using model::Direction;

std::string Big(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}
std::string String(std::string_view text) { return Big(static_cast<uint32_t>(text.size())) + std::string(text); }
std::string Message(uint8_t type, std::string_view payload) {
  std::string body;
  body += '\4';
  body += static_cast<char>(type);
  return String(body.append(payload).append("pad!"));
}
std::string Lists(std::string_view kex, std::string_view ciphers, std::string_view compression = "none") {
  std::string payload(16, 'c');
  for (std::string_view list :
       {kex, std::string_view("ssh-ed25519"), ciphers, ciphers, std::string_view("hmac-sha2-256"),
        std::string_view("hmac-sha2-256"), compression, compression, std::string_view(), std::string_view()}) {
    payload += String(list);
  }
  return Message(20, payload + std::string(5, '\0'));
}
const std::string kClientBanner = "SSH-2.0-client_1\r\n";
const std::string kServerBanner = "Welcome\r\nSSH-2.0-server_2 host\r\n";
const std::string kClientKex =
    Lists("curve25519-sha256,x", "aes256-ctr,aes128-ctr") + Message(30, String("client point")) + Message(21, "");
const std::string kServerLists = Lists("x,curve25519-sha256", "aes128-ctr,aes256-ctr");
const std::string kServerKex =
    Message(31, String("host key") + String("point") + String("signature")) + Message(21, "");

class Session {
 public:
  void Client(std::string_view bytes) { analyzer_->OnStream(Direction::kOrig, base::AsBytes(bytes)); }
  void Server(std::string_view bytes) { analyzer_->OnStream(Direction::kResp, base::AsBytes(bytes)); }
  void ClientSends(size_t length) { Client(std::string(length, '\x80')); }
  void ServerSends(size_t length) { Server(std::string(length, '\x80')); }
  void Handshake() {
    Client(kClientBanner);
    Server(kServerBanner + kServerLists);
    Client(kClientKex);
    Server(kServerKex);
    ClientSends(52);
    ServerSends(52);
  }
  void Close() { analyzer_->OnClose(); }
  std::string Line() const { return context.lines.size() == 1 ? context.lines[0] : "not one line"; }

  FakeContext context{kSpec};

 private:
  std::unique_ptr<Analyzer> analyzer_ = kSpec.make(context);
};

testing::AssertionResult Has(const std::string& line, std::string_view part) {
  if (line.find(part) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << line;
}

TEST(Ssh, Algorithms) {
  Session session;
  session.Handshake();
  EXPECT_TRUE(session.context.confirmed);
  EXPECT_TRUE(session.context.lines.empty());
  session.Close();
  EXPECT_TRUE(Has(session.Line(),
                  "version=2 auth_attempts=0 client=SSH-2.0-client_1 server=SSH-2.0-server_2 host "
                  "cipher_alg=aes256-ctr mac_alg=hmac-sha2-256 compression_alg=none kex_alg=curve25519-sha256 "
                  "host_key_alg=ssh-ed25519 host_key_fingerprint=SHA256:"));
}

TEST(Ssh, LoginSucceedsAtOnce) {
  Session session;
  session.Handshake();
  session.ServerSends(36);
  EXPECT_TRUE(Has(session.Line(), "auth_success=T auth_attempts=1"));
  EXPECT_TRUE(session.context.finished);
  session.ServerSends(36);
  session.Close();
  EXPECT_EQ(session.context.lines.size(), 1u);
}

TEST(Ssh, LoginFailsThenSucceeds) {
  Session session;
  session.Handshake();
  session.ServerSends(400);  // the banner of the machine
  session.ServerSends(84);
  session.ServerSends(84);
  session.ServerSends(84);
  session.ServerSends(36);
  EXPECT_TRUE(Has(session.Line(), "auth_success=T auth_attempts=3"));
}

TEST(Ssh, LoginFails) {
  Session session;
  session.Handshake();
  session.ServerSends(84);
  session.ServerSends(84);
  session.Close();
  EXPECT_TRUE(Has(session.Line(), "auth_success=F auth_attempts=1"));
}

TEST(Ssh, CompressionHidesTheVerdict) {
  Session session;
  session.Client("SSH-2.0-a\n");
  session.Server("SSH-2.0-b\n" + Lists("curve25519-sha256", "c", "zlib"));
  session.Client(Lists("curve25519-sha256", "c", "zlib") + Message(30, String("point")) + Message(21, ""));
  session.Server(kServerKex);
  session.ClientSends(52);
  session.ServerSends(52);
  session.ServerSends(36);
  EXPECT_TRUE(Has(session.Line(), "version=2 auth_attempts=0"));
}

TEST(Ssh, Versions) {
  const auto version = [](std::string_view client, std::string_view server) {
    Session session;
    session.Client(client);
    session.Server(server);
    session.Close();
    const size_t at = session.Line().find("version=");
    return at == std::string::npos ? '-' : session.Line()[at + 8];
  };
  EXPECT_EQ(version("SSH-1.5-a\n", "SSH-1.99-b\n"), '1');
  EXPECT_EQ(version("SSH-1.99-a\n", "SSH-1.99-b\n"), '2');
  EXPECT_EQ(version("SSH-2.0-a\n", "SSH-1.99-b\n"), '2');
  EXPECT_EQ(version("SSH-2.0-a\n", "SSH-1.5-b\n"), '0');
  EXPECT_EQ(version("SSH-2.0-a\n", ""), '-');
  EXPECT_EQ(version("SSH-x.0-a\n", "SSH-2.0-b\n"), '-');
}

// As in Zeek: without the server's banner the client's messages can't be read.
TEST(Ssh, ListsBeforeTheOtherBanner) {
  Session session;
  session.Client(kClientBanner + Lists("curve25519-sha256", "c"));
  EXPECT_TRUE(session.context.violated);
  session.Close();
  EXPECT_TRUE(Has(session.Line(), "auth_attempts=0 client=SSH-2.0-client_1"));
}

TEST(Ssh, NoClientBannerIsNoSsh) {
  Session session;
  session.Client("GET / HTTP/1.1\r\n");
  EXPECT_TRUE(session.context.violated);
  session.Close();
  EXPECT_TRUE(session.context.lines.empty());
}

TEST(Ssh, UnknownKeyExchange) {
  Session session;
  session.Client("SSH-2.0-a\n");
  session.Server("SSH-2.0-b\n" + Lists("odd", "c"));
  session.Client(Lists("odd", "c"));
  EXPECT_EQ(session.context.weirds, std::vector<std::string>{"ssh_unknown_kex_algorithm"});
}

TEST(Ssh, LengthsOutOfBounds) {
  Session session;
  session.Client("SSH-2.0-a\n");
  session.Server("SSH-2.0-b\n");
  session.Client(Message(20, std::string(16, 'c') + Big(0xfffffff8)));
  EXPECT_EQ(session.context.weirds, std::vector<std::string>{"SSH_max_string_length_exceeded"});
  EXPECT_TRUE(session.context.violated);

  Session other;
  other.Client("SSH-2.0-a\n");
  other.Server("SSH-2.0-b\n");
  other.Server(Big(0x42e94fff) + "more");
  EXPECT_EQ(other.context.weirds, std::vector<std::string>{"SSH_max_packet_length_exceeded"});
  EXPECT_EQ(other.context.history, "X");
  EXPECT_FALSE(other.context.violated);
}

// The verdict depends on segments; all the rest must not.
TEST(Ssh, CutsMakeNoDifference) {
  const auto run = [&](auto next_cut) {
    Session session;
    const auto feed = [&](bool from_client, std::string_view bytes) {
      while (!bytes.empty()) {
        const size_t cut = std::min<size_t>(next_cut(), bytes.size());
        from_client ? session.Client(bytes.substr(0, cut)) : session.Server(bytes.substr(0, cut));
        bytes.remove_prefix(cut);
      }
    };
    feed(true, kClientBanner);
    feed(false, kServerBanner + kServerLists);
    feed(true, kClientKex);
    feed(false, kServerKex);
    session.Close();
    return session.Line();
  };
  const std::string whole = run([] { return size_t{100000}; });
  EXPECT_TRUE(Has(whole, "host_key_fingerprint="));
  EXPECT_EQ(run([] { return size_t{1}; }), whole);
  std::mt19937 random(1);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(run([&] { return random() % 40 + 1; }), whole);
  }
}

TEST(Ssh, Hassh) {
  KexInit client;
  client.kex = "curve25519-sha256";
  client.encryption = {"aes128-ctr", "aes256-ctr"};
  client.mac = {"hmac-sha2-256", "hmac-sha1"};
  client.compression = {"none", "zlib"};
  EXPECT_EQ(HasshInput(client), "curve25519-sha256;aes128-ctr;hmac-sha2-256;none");
  EXPECT_EQ(HasshServerInput(client), "curve25519-sha256;aes256-ctr;hmac-sha1;zlib");
  EXPECT_EQ(Hassh("abc"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(Hassh(""), "");
}

TEST(Ssh, Probe) {
  const auto probe = [](std::string_view client, std::string_view server) {
    return kSpec.probe_tcp({base::AsBytes(client), base::AsBytes(server)});
  };
  EXPECT_EQ(probe("SSH-2.0-x", "ssh-1.99"), ProbeResult::kYes);
  EXPECT_EQ(probe("SSH-2.0-x", ""), ProbeResult::kMore);
  EXPECT_EQ(probe("SS", "SSH-2"), ProbeResult::kMore);
  EXPECT_EQ(probe("SSH-3.0", "SSH-2.0"), ProbeResult::kNo);
  EXPECT_EQ(probe("", "220 mail"), ProbeResult::kNo);
}

}  // namespace
}  // namespace quaywatch::analyze::ssh
