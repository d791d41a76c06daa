// SPDX-License-Identifier: Apache-2.0
//
// Real NAT between network namespaces of its own: "client" and "server", and "router" between them, where
// conntrack is watched. Needs root, iproute2, nftables and iptables.
#include "dedup/translations.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <optional>
#include <thread>

namespace quaywatch::dedup {
namespace {

using Form = Translations::Form;
using testing::HasSubstr;

base::Timestamp Now() { return std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now()); }

struct Address {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  model::IpAddress ip() const {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage);
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage);
    return storage.ss_family == AF_INET ? model::IpAddress::V4(reinterpret_cast<const uint8_t*>(&v4->sin_addr))
                                        : model::IpAddress::V6(reinterpret_cast<const uint8_t*>(&v6->sin6_addr));
  }
  // At the same place in both families.
  model::Port port() const { return {ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port)}; }
};

Address Parse(const std::string& text, uint16_t port) {
  Address address;
  if (text.find(':') != std::string::npos) {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
    v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_flowinfo = 0, .sin6_addr = {}, .sin6_scope_id = 0};
    EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr), 1) << text;
    address.size = sizeof v6;
  } else {
    auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
    v4 = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {}, .sin_zero = {}};
    EXPECT_EQ(inet_pton(AF_INET, text.c_str(), &v4.sin_addr), 1) << text;
    address.size = sizeof v4;
  }
  return address;
}

model::FlowId Flow(const Address& from, const Address& to) { return {from.ip(), to.ip(), from.port(), to.port()}; }
model::FlowId Back(const model::FlowId& id) { return {id.resp_h, id.orig_h, id.resp_p, id.orig_p}; }

class TranslationsTest : public testing::Test {
 protected:
  static constexpr uint8_t kIcmp = 1, kTcp = 6, kUdp = 17, kIcmp6 = 58;
  static constexpr uint16_t kPort = 8080;

  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "NAT is tested as root only: it makes network namespaces";
    for (const char* tool : {"ip -V", "nft -v", "iptables -V"}) {
      if (std::system(fmt::format("{} > /dev/null 2>&1", tool).c_str()) != 0) GTEST_SKIP() << "missing: " << tool;
    }
    outside_ = Current();
    for (int* fd : {&client_, &server_, &router_}) {
      if (unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "no permission to make a network namespace";
      *fd = Current();
      Run("ip link set lo up");
    }
    for (const auto& [name, net, fd] : {std::tuple("c", 1, client_), std::tuple("s", 2, server_)}) {
      Run(
          fmt::format("ip link add {0}0 type veth peer name {0}1 netns /proc/{2}/fd/{3}; ip link set {0}0 up;"
                      "ip addr add 10.7.{1}.1/24 dev {0}0; ip addr add fd07:{1}::1/64 dev {0}0 nodad",
                      name, net, getpid(), fd));
      Enter(fd);
      Run(
          fmt::format("ip link set {0}1 up; ip addr add 10.7.{1}.2/24 dev {0}1; ip route add default via 10.7.{1}.1;"
                      "ip addr add fd07:{1}::2/64 dev {0}1 nodad; ip -6 route add default via fd07:{1}::1",
                      name, net));
      Enter(router_);
    }
    Run("echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding");
  }
  void TearDown() override {
    if (outside_ < 0) return;
    Enter(outside_);
    for (const int fd : {outside_, client_, server_, router_}) {
      if (fd >= 0) close(fd);
    }
  }

  static int Current() { return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC); }
  static void Enter(int fd) { ASSERT_EQ(setns(fd, CLONE_NEWNET), 0); }
  static void Run(const std::string& command) { ASSERT_EQ(std::system(("set -e; " + command).c_str()), 0) << command; }
  static void Nft(const std::string& rules) { Run("nft -f - <<'RULES'\n" + rules + "\nRULES"); }

  int Socket(int netns, int family, int type, int protocol = 0) {
    Enter(netns);
    const int fd = socket(family, type | SOCK_CLOEXEC, protocol);
    Enter(router_);
    EXPECT_GE(fd, 0);
    timeval patience{.tv_sec = 20, .tv_usec = 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    return fd;
  }

  // What the two sockets of one connection say of its addresses.
  struct Ends {
    model::FlowId original;
    model::FlowId translated;
  };

  // A connection or an exchange of datagrams from the client's namespace to `to`, which NAT brings to the port of
  // the namespace `responder`, listening at all addresses.
  std::optional<Ends> Talk(int type, Address to, int responder) {
    const int family = to.storage.ss_family;
    const int listener = Socket(responder, family, type);
    const int on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    Address any = Parse(family == AF_INET ? "0.0.0.0" : "::", kPort), local, peer, near;
    EXPECT_EQ(bind(listener, any.get(), any.size), 0) << strerror(errno);
    EXPECT_TRUE(type == SOCK_DGRAM || listen(listener, 1) == 0);
    const int client = Socket(client_, family, type);
    if (connect(client, to.get(), to.size) != 0 || write(client, "ask", 3) != 3) {
      ADD_FAILURE() << "cannot reach " << to.ip().ToString() << ": " << strerror(errno);
      return std::nullopt;
    }
    getsockname(client, local.get(), &local.size);
    char text[8];
    int server = listener;
    if (type == SOCK_STREAM) server = accept(listener, nullptr, nullptr);
    const bool stream = type == SOCK_STREAM;
    EXPECT_EQ(recvfrom(server, text, sizeof text, 0, stream ? nullptr : peer.get(), stream ? nullptr : &peer.size), 3)
        << strerror(errno);
    if (stream) getpeername(server, peer.get(), &peer.size);
    // Which of the responder's addresses that is.
    if (type == SOCK_DGRAM) connect(server, peer.get(), peer.size);
    getsockname(server, near.get(), &near.size);
    if (server != listener) close(server);
    close(listener);
    close(client);
    return Ends{Flow(local, to), Flow(peer, near)};
  }

  static std::unique_ptr<Translations> Open(const TranslationOptions& options = {}) {
    auto opened = Translations::Open(options);
    EXPECT_TRUE(opened.has_value()) << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
  }

  // All of a connection's forms lead to one translation, in both directions, at once.
  static void ExpectJoined(Translations& translations, const Ends& ends, uint8_t ip_proto) {
    const auto found = translations.Find(ends.original, ip_proto, Now());
    ASSERT_EQ(found.form, Form::kOriginal);
    EXPECT_TRUE(found.tracked);
    EXPECT_EQ(found.translation->original, ends.original);
    EXPECT_EQ(found.translation->translated, ends.translated);
    EXPECT_EQ(translations.Find(Back(ends.original), ip_proto, Now()).form, Form::kOriginal);
    for (const auto& id : {ends.translated, Back(ends.translated)}) {
      const auto other = translations.Find(id, ip_proto, Now());
      EXPECT_EQ(other.form, Form::kTranslated);
      EXPECT_EQ(other.translation, found.translation);
    }
  }

  int outside_ = -1, client_ = -1, server_ = -1, router_ = -1;
};

constexpr const char* kBothRewritten = R"(
  table inet nat {
    chain pre { type nat hook prerouting priority dstnat;
      ip daddr 10.96.0.1 meta l4proto { tcp, udp } dnat ip to 10.7.2.2:8080
      ip daddr 10.96.0.1 dnat ip to 10.7.2.2
      ip6 daddr fd96::1 meta l4proto { tcp, udp } dnat ip6 to [fd07:2::2]:8080
      ip6 daddr fd96::1 dnat ip6 to fd07:2::2; }
    chain post { type nat hook postrouting priority srcnat; masquerade; }
  })";

TEST_F(TranslationsTest, DestinationSourceOrBothRewritten) {
  const auto translations = Open();
  struct Case {
    const char* name;
    const char* rules;
    const char *to4, *to6;
    uint16_t port;
  };
  const Case cases[] = {
      {"DNAT",
       R"(table inet nat { chain pre { type nat hook prerouting priority dstnat;
            ip daddr 10.96.0.1 meta l4proto { tcp, udp } dnat ip to 10.7.2.2:8080
            ip6 daddr fd96::1 meta l4proto { tcp, udp } dnat ip6 to [fd07:2::2]:8080; }; })",
       "10.96.0.1", "fd96::1", 80},
      {"SNAT",
       R"(table inet nat { chain post { type nat hook postrouting priority srcnat;
            oifname s0 meta l4proto { tcp, udp } snat ip to 10.7.2.1:3000-3999
            oifname s0 meta l4proto { tcp, udp } snat ip6 to [fd07:2::1]:3000-3999; }; })",
       "10.7.2.2", "fd07:2::2", kPort},
      {"masquerade", "table inet nat { chain post { type nat hook postrouting priority srcnat; masquerade; }; }",
       "10.7.2.2", "fd07:2::2", kPort},
      {"both", kBothRewritten, "10.96.0.1", "fd96::1", 80},
  };
  for (const Case& test : cases) {
    Nft(test.rules);
    for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
      for (const char* to : {test.to4, test.to6}) {
        SCOPED_TRACE(fmt::format("{} to {}, {}", test.name, to, type == SOCK_STREAM ? "TCP" : "UDP"));
        const auto ends = Talk(type, Parse(to, test.port), server_);
        ASSERT_TRUE(ends);
        EXPECT_NE(ends->original, ends->translated);
        ExpectJoined(*translations, *ends, type == SOCK_STREAM ? kTcp : kUdp);
      }
    }
    Run("nft flush ruleset");
  }
  EXPECT_EQ(translations->counters().translated, 16u);
  EXPECT_EQ(translations->counters().overruns, 0u);
}

TEST_F(TranslationsTest, HairpinByIptables) {
  Run("iptables -t nat -A PREROUTING -d 10.96.0.1 -p tcp --dport 80 -j DNAT --to-destination 10.7.1.2:8080;"
      "iptables -t nat -A POSTROUTING -s 10.7.1.0/24 -d 10.7.1.0/24 -j MASQUERADE");
  const auto translations = Open();
  const auto ends = Talk(SOCK_STREAM, Parse("10.96.0.1", 80), client_);
  ASSERT_TRUE(ends);
  EXPECT_EQ(ends->translated.orig_h.ToString(), "10.7.1.1");
  ExpectJoined(*translations, *ends, kTcp);
  // What a bridge in between would show.
  const model::FlowId half{ends->original.orig_h, ends->translated.resp_h, ends->original.orig_p,
                           ends->translated.resp_p};
  EXPECT_EQ(translations->Find(half, kTcp, Now()).form, Form::kTranslated);
}

TEST_F(TranslationsTest, EchoRequestsByTheirAddresses) {
  Nft(kBothRewritten);
  const auto translations = Open();
  const auto ping = [&](const char* to, uint8_t request, const char* responder, const char* router, uint8_t protocol) {
    Address address = Parse(to, 0), from;
    const int fd = Socket(client_, address.storage.ss_family, SOCK_RAW, protocol);
    ASSERT_EQ(connect(fd, address.get(), address.size), 0);
    // Type, code, checksum, id and number; the kernel makes ICMPv6's checksum itself.
    uint8_t echo[8] = {request, 0, 0, 0, 0x12, 0x34, 0, 1};
    if (protocol == kIcmp) {
      const auto sum = static_cast<uint16_t>(~((request << 8) + 0x1234 + 1));
      echo[2] = static_cast<uint8_t>(sum >> 8);
      echo[3] = static_cast<uint8_t>(sum);
    }
    ASSERT_EQ(send(fd, echo, sizeof echo, 0), static_cast<ssize_t>(sizeof echo));
    char answer[128];
    ASSERT_GT(recv(fd, answer, sizeof answer, 0), 0) << to << ": " << strerror(errno);
    getsockname(fd, from.get(), &from.size);
    close(fd);
    const model::Port type{request}, counterpart{static_cast<uint16_t>(protocol == kIcmp ? 0 : 129)};
    ExpectJoined(*translations,
                 {{from.ip(), address.ip(), type, counterpart},
                  {*model::IpAddress::Parse(router), *model::IpAddress::Parse(responder), type, counterpart}},
                 protocol);
  };
  ping("10.96.0.1", ICMP_ECHO, "10.7.2.2", "10.7.2.1", kIcmp);
  ping("fd96::1", ICMP6_ECHO_REQUEST, "fd07:2::2", "fd07:2::1", kIcmp6);
}

TEST_F(TranslationsTest, WithoutTranslationItIsTrackedOrNot) {
  Nft(R"(table inet raw { chain pre { type filter hook prerouting priority raw; udp dport 8080 notrack; };
                          chain forward { type filter hook forward priority 0; ct state established accept; }; })");
  const auto translations = Open();
  const auto tracked = Talk(SOCK_STREAM, Parse("10.7.2.2", kPort), server_);
  const auto untracked = Talk(SOCK_DGRAM, Parse("10.7.2.2", kPort), server_);
  ASSERT_TRUE(tracked && untracked);
  const auto found = translations->Find(tracked->original, kTcp, Now());
  EXPECT_EQ(found.form, Form::kNone);
  EXPECT_EQ(found.translation, nullptr);
  EXPECT_TRUE(found.tracked);
  EXPECT_FALSE(translations->Find(untracked->original, kUdp, Now()).tracked);
}

TEST_F(TranslationsTest, ConnectionsFromBeforeTheStart) {
  Nft(kBothRewritten);
  const auto ends = Talk(SOCK_STREAM, Parse("10.96.0.1", 80), server_);
  const auto datagram = Talk(SOCK_DGRAM, Parse("fd96::1", 80), server_);
  ASSERT_TRUE(ends && datagram);
  const auto translations = Open();
  ExpectJoined(*translations, *ends, kTcp);
  ExpectJoined(*translations, *datagram, kUdp);
}

// As many connections as asked for, each for the price of one system call: a datagram
// from one port to many ports of many addresses.
class Burst {
 public:
  explicit Burst(int fd) : fd_(fd) {}
  void Send(uint32_t first, uint32_t count) const {
    for (uint32_t i = first; i < first + count; ++i) {
      Address to = Parse("10.96.0.1", static_cast<uint16_t>(1 + i % 50'000));
      auto& v4 = reinterpret_cast<sockaddr_in&>(to.storage);
      v4.sin_addr.s_addr = htonl(ntohl(v4.sin_addr.s_addr) + i / 50'000);
      sendto(fd_, "x", 1, 0, to.get(), to.size);
    }
  }
  model::FlowId Original(uint32_t i) const {
    Address from, to = Parse("10.96.0.1", static_cast<uint16_t>(1 + i % 50'000));
    auto& v4 = reinterpret_cast<sockaddr_in&>(to.storage);
    v4.sin_addr.s_addr = htonl(ntohl(v4.sin_addr.s_addr) + i / 50'000);
    getsockname(fd_, from.get(), &from.size);
    return {*model::IpAddress::Parse("10.7.1.2"), to.ip(), from.port(), to.port()};
  }

 private:
  int fd_;
};

// The kernel may be set to track fewer.
uint32_t AtMost(uint32_t count) {
  std::ifstream file("/proc/sys/net/netfilter/nf_conntrack_max");
  uint32_t most = 0;
  return file >> most ? std::min(count, most / 2) : count;
}

constexpr const char* kServices = R"(
  table inet nat { chain pre { type nat hook prerouting priority dstnat; ip daddr 10.96.0.0/16 dnat ip to 10.7.2.2; }; })";

TEST_F(TranslationsTest, ABurstOfAHundredThousand) {
  const uint32_t count = AtMost(100'000);
  Nft(kServices);
  const auto translations = Open();
  const int fd = Socket(client_, AF_INET, SOCK_DGRAM);
  Address any = Parse("0.0.0.0", 0);
  ASSERT_EQ(bind(fd, any.get(), any.size), 0);
  const Burst burst(fd);
  // Two workers that ask all the time, each with the time of its packet.
  std::atomic<bool> stop = false;
  std::vector<std::thread> workers;
  for (int i = 0; i < 2; ++i) {
    workers.emplace_back([&] {
      while (!stop) translations->Find(burst.Original(0), kUdp, Now());
    });
  }
  burst.Send(0, count);
  stop = true;
  for (std::thread& worker : workers) worker.join();
  for (uint32_t i = 0; i < count; i += 97) {
    ASSERT_EQ(translations->Find(burst.Original(i), kUdp, Now()).form, Form::kOriginal) << i;
  }
  const auto counters = translations->counters();
  EXPECT_EQ(counters.translated, count);
  EXPECT_EQ(counters.live, count);
  EXPECT_GE(counters.events, count);
  close(fd);
}

TEST_F(TranslationsTest, AnOverrunIsMadeUpFor) {
  constexpr uint32_t kCount = 2'000;
  Nft(kServices);
  const auto translations = Open({.socket_bytes = 16 * 1024});
  const int fd = Socket(client_, AF_INET, SOCK_DGRAM);
  Address any = Parse("0.0.0.0", 0);
  ASSERT_EQ(bind(fd, any.get(), any.size), 0);
  const Burst burst(fd);
  burst.Send(0, kCount);
  translations->CatchUp(Now());
  for (uint32_t i = 0; i < kCount; ++i) {
    ASSERT_EQ(translations->Find(burst.Original(i), kUdp, Now()).form, Form::kOriginal) << i;
  }
  EXPECT_GE(translations->counters().overruns, 1u);
  EXPECT_EQ(translations->counters().live, kCount);
  close(fd);
}

TEST_F(TranslationsTest, ErrorsSayWhatToDo) {
  const auto without_rights = [] {
    if (setresuid(65534, 65534, 65534) != 0) exit(1);
    const auto refused = Translations::Open({});
    fputs(refused ? "it opened" : refused.error().message.c_str(), stderr);
    exit(0);
  };
  EXPECT_EXIT(without_rights(), testing::ExitedWithCode(0), "run as root or give the program CAP_NET_ADMIN");

  Run("echo 0 > /proc/sys/net/netfilter/nf_conntrack_events");
  const auto off = Translations::Open({});
  ASSERT_FALSE(off.has_value());
  EXPECT_THAT(off.error().message, HasSubstr("sysctl -w net.netfilter.nf_conntrack_events=1"));
}

}  // namespace
}  // namespace quaywatch::dedup
