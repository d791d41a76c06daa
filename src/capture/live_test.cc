// SPDX-License-Identifier: Apache-2.0
//
// Live capture in network namespaces of its own: "here", where it listens, and "there", at the other end
// of a veth pair. Needs root and iproute2.
#include "capture/live.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <set>
#include <thread>

#include "capture/file_builder.h"

namespace quaywatch::capture {
namespace {

using testing::HasSubstr;

constexpr uint16_t kPort = 7777;

struct Seen {
  std::string data;
  uint32_t wire_length;
  uint32_t interface;
  uint16_t segment_size;
  bool checksum_pending;
  model::LinkType link;
  unsigned worker;
  base::Timestamp ts;

  bool Contains(std::string_view text) const { return data.find(text) != std::string::npos; }
};

class LiveTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "live capture is tested as root only: it makes network namespaces";
    if (std::system("ip -V > /dev/null 2>&1") != 0) GTEST_SKIP() << "the tests of live capture need iproute2 (ip)";
    outside_ = Current();
    if (unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "no permission to make a network namespace";
    there_ = Current();
    Run("ip link set lo up");
    ASSERT_EQ(unshare(CLONE_NEWNET), 0);
    here_ = Current();
    Run("ip link set lo up");
  }
  void TearDown() override {
    if (outside_ < 0) return;
    setns(outside_, CLONE_NEWNET);
    for (const int fd : {outside_, here_, there_}) close(fd);
  }

  static int Current() { return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC); }
  static void Run(const std::string& command) { ASSERT_EQ(std::system(command.c_str()), 0) << command; }

  void RunThere(const std::string& command) {
    setns(there_, CLONE_NEWNET);
    Run(command);
    setns(here_, CLONE_NEWNET);
  }

  // near0 here and far0 there, 10.9.0.<n> and fd09::<n>: 1 to 8 here, 101 to 108 there. They know each
  // other's link addresses, so that nothing waits for neighbour discovery.
  void MakeVeth() {
    Run(
        fmt::format("ip link add near0 address 02:00:00:00:00:01 type veth "
                    "peer name far0 address 02:00:00:00:00:02 netns /proc/{}/fd/{}",
                    getpid(), there_));
    std::string near = "ip link set near0 up; ", far = "ip link set far0 up; ";
    for (int i = 1; i <= 8; ++i) {
      for (const auto& [net, bits] : {std::pair("10.9.0.", 24), std::pair("fd09::", 64)}) {
        const char* nodad = bits == 64 ? "nodad" : "";
        near += fmt::format("ip addr add {0}{1}/{2} dev near0 {3}; ", net, i, bits, nodad);
        near += fmt::format("ip neigh add {0}10{1} lladdr 02:00:00:00:00:02 dev near0; ", net, i);
        far += fmt::format("ip addr add {0}10{1}/{2} dev far0 {3}; ", net, i, bits, nodad);
        far += fmt::format("ip neigh add {0}{1} lladdr 02:00:00:00:00:01 dev far0; ", net, i);
      }
    }
    Run(near);
    RunThere(far);
  }

  int Socket(bool there, int family, int type) {
    if (there) setns(there_, CLONE_NEWNET);
    const int fd = socket(family, type | SOCK_CLOEXEC, 0);
    if (there) setns(here_, CLONE_NEWNET);
    return fd;
  }

  static socklen_t Address(const std::string& text, uint16_t port, sockaddr_storage& storage) {
    storage = {};
    if (text.find(':') != std::string::npos) {
      auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
      v6.sin6_family = AF_INET6;
      v6.sin6_port = htons(port);
      EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr), 1);
      return sizeof(sockaddr_in6);
    }
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    EXPECT_EQ(inet_pton(AF_INET, text.c_str(), &v4.sin_addr), 1);
    return sizeof(sockaddr_in);
  }

  void SendUdp(const std::string& from, const std::string& to, const std::string& text, bool there = false,
               uint16_t port = kPort) {
    sockaddr_storage source, destination;
    const socklen_t size = Address(from, 0, source);
    Address(to, port, destination);
    const int fd = Socket(there, source.ss_family, SOCK_DGRAM);
    ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&source), size), 0) << from;
    ASSERT_EQ(sendto(fd, text.data(), text.size(), 0, reinterpret_cast<sockaddr*>(&destination), size),
              static_cast<ssize_t>(text.size()));
    close(fd);
  }

  void SendRaw(const char* interface, const std::string& frame, bool there = false) {
    const int fd = Socket(there, AF_PACKET, SOCK_RAW);
    if (there) setns(there_, CLONE_NEWNET);
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_ifindex = static_cast<int>(if_nametoindex(interface));
    if (there) setns(here_, CLONE_NEWNET);
    ASSERT_EQ(sendto(fd, frame.data(), frame.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to),
              static_cast<ssize_t>(frame.size()));
    close(fd);
  }

  std::vector<std::unique_ptr<Source>> Open(const LiveOptions& options = {}, unsigned workers = 1) {
    auto sources = OpenLive(options, workers);
    EXPECT_TRUE(sources.has_value()) << sources.error().message;
    return sources ? std::move(*sources) : std::vector<std::unique_ptr<Source>>();
  }

  // All packets until there are no more.
  static std::vector<Seen> Drain(std::vector<std::unique_ptr<Source>>& sources) {
    std::vector<Seen> seen;
    for (unsigned worker = 0; worker < sources.size(); ++worker) {
      model::RawPacket p;
      while (sources[worker]->Read(p) == Next::kPacket) {
        seen.push_back({std::string(base::AsText(p.data)), p.wire_length, p.interface, p.segment_size,
                        p.checksum_pending, p.link, worker, p.ts});
      }
    }
    return seen;
  }

  static std::vector<Seen> Containing(const std::vector<Seen>& all, std::string_view text) {
    std::vector<Seen> some;
    std::ranges::copy_if(all, std::back_inserter(some), [&](const Seen& seen) { return seen.Contains(text); });
    return some;
  }

  int outside_ = -1, here_ = -1, there_ = -1;
};

TEST_F(LiveTest, SeesInterfacesThatExistAndThoseThatComeLater) {
  auto sources = Open();
  SendUdp("127.0.0.1", "127.0.0.1", "over loopback");
  const auto before = base::Timestamp(std::chrono::system_clock::now());
  MakeVeth();
  SendUdp("10.9.0.1", "10.9.0.101", "from here");
  SendUdp("10.9.0.101", "10.9.0.1", "from there", true);

  const auto all = Drain(sources);
  const auto loopback = Containing(all, "over loopback");
  ASSERT_EQ(loopback.size(), 2u) << "the datagram and the ICMP error that quotes it, each once";
  EXPECT_EQ(loopback[0].interface, if_nametoindex("lo"));
  EXPECT_EQ(loopback[0].link, model::LinkType::kEthernet);
  for (const char* text : {"from here", "from there"}) {
    const auto veth = Containing(all, text);
    ASSERT_GE(veth.size(), 1u) << text;
    EXPECT_EQ(veth[0].interface, if_nametoindex("near0"));
    EXPECT_EQ(veth[0].wire_length, 14 + 20 + 8 + strlen(text));
    EXPECT_EQ(veth[0].data.size(), veth[0].wire_length);
    EXPECT_TRUE(veth[0].checksum_pending);
    EXPECT_GT(veth[0].ts, before);
    EXPECT_LT(veth[0].ts, before + std::chrono::minutes(1));
  }
  EXPECT_EQ(sources[0]->counters().received, all.size());
  EXPECT_EQ(sources[0]->counters().dropped, 0u);
}

TEST_F(LiveTest, SuperPacketsTellTheirSegmentSize) {
  MakeVeth();
  auto sources = Open({.interfaces = {"near0"}});
  sockaddr_storage address;
  const socklen_t size = Address("10.9.0.1", kPort, address);
  const int listener = Socket(false, AF_INET, SOCK_STREAM);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  constexpr size_t kSent = 2u << 20;
  const int client = Socket(true, AF_INET, SOCK_STREAM);
  ASSERT_EQ(connect(client, reinterpret_cast<sockaddr*>(&address), size), 0);
  const int server = accept(listener, nullptr, nullptr);
  std::thread sender([&] {
    const std::string large(kSent, 'z');
    size_t sent = 0;
    while (sent < kSent) {
      const ssize_t count = write(client, large.data() + sent, kSent - sent);
      if (count <= 0) break;
      sent += static_cast<size_t>(count);
    }
  });
  std::string buffer(1u << 16, '\0');
  size_t received = 0;
  while (received < kSent) {
    const ssize_t count = read(server, buffer.data(), buffer.size());
    ASSERT_GT(count, 0);
    received += static_cast<size_t>(count);
  }
  sender.join();
  for (const int fd : {listener, client, server}) close(fd);

  size_t super_packets = 0, payload = 0;
  for (const Seen& seen : Drain(sources)) {
    EXPECT_EQ(seen.data.size(), seen.wire_length);
    payload += static_cast<size_t>(std::ranges::count(seen.data, 'z'));
    if (seen.wire_length <= 1514) continue;
    ++super_packets;
    EXPECT_EQ(seen.segment_size, 1448);
    EXPECT_TRUE(seen.checksum_pending);
  }
  EXPECT_GT(super_packets, 5u);
  EXPECT_GE(payload, kSent);
}

TEST_F(LiveTest, BothDirectionsOfAHostPairReachTheSameWorker) {
  MakeVeth();
  auto sources = Open({}, 2);
  for (int from = 1; from <= 8; ++from) {
    for (int to = 1; to <= 8; ++to) {
      for (const char* net : {"10.9.0.", "fd09::"}) {
        const std::string near = net + std::to_string(from), far = fmt::format("{}10{}", net, to);
        const std::string text = fmt::format("pair {}-{};", near, far);
        // Other ports, other directions, still the same hosts.
        SendUdp(near, far, text, false, static_cast<uint16_t>(kPort + from));
        SendUdp(far, near, text, true, static_cast<uint16_t>(kPort - to));
      }
    }
  }
  std::map<std::string, std::set<unsigned>> workers_of;
  std::map<std::string, int> sightings;
  std::map<unsigned, int> load;
  for (const Seen& seen : Drain(sources)) {
    const size_t at = seen.data.find("pair ");
    if (at == std::string::npos) continue;
    const std::string pair = seen.data.substr(at, seen.data.find(';', at) - at);
    workers_of[pair].insert(seen.worker);
    // ICMP errors, which quote the datagram, are not sightings of it.
    if (seen.data.size() == at + pair.size() + 1 && (seen.data[23] == 17 || seen.data[20] == 17)) ++sightings[pair];
  }
  ASSERT_EQ(workers_of.size(), 128u);
  for (const auto& [pair, workers] : workers_of) {
    EXPECT_EQ(workers.size(), 1u) << pair;
    EXPECT_EQ(sightings[pair], 2) << pair;
    ++load[*workers.begin()];
  }
  EXPECT_GT(load[0], 32);
  EXPECT_GT(load[1], 32);
}

TEST_F(LiveTest, NamedInterfacesOnly) {
  MakeVeth();
  Run("ip link add other0 type veth peer name other1; ip addr add 10.8.0.1/24 dev other0; ip link set other0 up; "
      "ip link set other1 up; ip neigh add 10.8.0.2 lladdr 02:00:00:00:00:03 dev other0");
  auto sources = Open({.interfaces = {"near0", "lo", "lo"}}, 2);
  SendUdp("127.0.0.1", "127.0.0.1", "on loopback");
  SendUdp("10.9.0.1", "10.9.0.101", "on near0");
  SendUdp("10.8.0.1", "10.8.0.2", "on other0");
  const auto all = Drain(sources);
  EXPECT_EQ(Containing(all, "on loopback").size(), 2u);
  EXPECT_GE(Containing(all, "on near0").size(), 1u);
  EXPECT_EQ(Containing(all, "on other0").size(), 0u);
}

TEST_F(LiveTest, EndsWhenTheLastNamedInterfaceIsGone) {
  MakeVeth();
  auto sources = Open({.interfaces = {"near0"}});
  SendUdp("10.9.0.1", "10.9.0.101", "last words");
  Run("ip link del near0");
  EXPECT_GE(Containing(Drain(sources), "last words").size(), 1u);
  model::RawPacket packet;
  EXPECT_EQ(sources[0]->Read(packet), Next::kEnd);
}

TEST_F(LiveTest, GoesOnWhenAnInterfaceWasDown) {
  MakeVeth();
  auto sources = Open({.interfaces = {"near0"}}, 2);
  Run("ip link set near0 down");
  EXPECT_TRUE(Drain(sources).empty());
  model::RawPacket packet;
  EXPECT_EQ(sources[0]->Read(packet), Next::kIdle);
  Run("ip link set near0 up");
  SendRaw("near0", std::string(12, '\x02') + std::string("\x88\xb5", 2) + "no IP at all");
  const auto all = Containing(Drain(sources), "no IP at all");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].worker, 0u);
}

TEST_F(LiveTest, FilterAppliesToEthernetAndRawIp) {
  MakeVeth();
  // A tunnel interface's frames begin with the IP header.
  if (std::system("ip tunnel add raw0 mode ipip remote 10.9.0.101 local 10.9.0.1 2> /dev/null") == 0) {
    Run("ip addr add 10.7.0.1/24 dev raw0; ip link set raw0 up");
  }
  const bool tunnel = if_nametoindex("raw0") != 0;
  auto sources = Open({.filter = "udp port 53"});
  const std::string long_text(100, 't');
  SendUdp("10.9.0.1", "10.9.0.101", "wanted", false, 53);
  SendUdp("10.9.0.1", "10.9.0.101", "not wanted", false, 54);
  if (tunnel) {
    SendUdp("10.7.0.1", "10.7.0.2", "raw " + long_text, false, 53);
    SendUdp("10.7.0.1", "10.7.0.2", "raw refused" + long_text, false, 54);
  }
  const auto all = Drain(sources);
  ASSERT_EQ(all.size(), tunnel ? 2u : 1u);
  EXPECT_TRUE(all[0].Contains("wanted"));
  if (tunnel) {
    EXPECT_TRUE(all[1].Contains("raw ttt"));
    EXPECT_EQ(all[1].link, model::LinkType::kRaw);
    EXPECT_EQ(all[1].data[0], 0x45);
    EXPECT_EQ(all[1].wire_length, 20 + 8 + 4 + long_text.size());
  }
  const auto wrong = OpenLive({.filter = "udp prt 53"}, 1);
  ASSERT_FALSE(wrong.has_value());
  EXPECT_THAT(wrong.error().message, HasSubstr("'udp prt 53' is wrong"));
}

TEST_F(LiveTest, VlanTagsArePutBack) {
  MakeVeth();
  // What is sent keeps its tag in the frame, and the kernel takes it out of what is received.
  const auto frame = [](uint8_t from, uint8_t to, std::string_view text) {
    FileBuilder f(true);
    f.U16(0x0200).U32(to).U16(0x0200).U32(from).U16(0x8100).U16(42).U16(0x0800);
    f.U8(0x45).U8(0).U16(static_cast<uint16_t>(28 + text.size())).U32(0).U8(64).U8(17).U16(0);
    f.U32(0x0a060000u + from).U32(0x0a060000u + to);
    f.U16(1000).U16(1000).U16(static_cast<uint16_t>(8 + text.size())).U16(0).Text(text);
    return f.bytes();
  };
  for (const char* filter : {"", "vlan 42 and udp"}) {
    auto sources = Open({.interfaces = {"near0"}, .filter = filter}, 2);
    SendRaw("near0", frame(1, 2, "tagged going"));
    SendRaw("far0", frame(2, 1, "tagged coming"), true);
    SendUdp("10.9.0.1", "10.9.0.101", "untagged");
    const auto all = Drain(sources);
    const auto going = Containing(all, "tagged going"), coming = Containing(all, "tagged coming");
    ASSERT_EQ(going.size(), 1u) << filter;
    ASSERT_EQ(coming.size(), 1u) << filter;
    EXPECT_EQ(going[0].data, frame(1, 2, "tagged going"));
    EXPECT_EQ(coming[0].data, frame(2, 1, "tagged coming"));
    EXPECT_EQ(coming[0].wire_length, coming[0].data.size());
    EXPECT_EQ(going[0].worker, coming[0].worker);
    EXPECT_EQ(Containing(all, "untagged").empty(), *filter != '\0');
  }
}

TEST_F(LiveTest, DropsAreCounted) {
  MakeVeth();
  auto sources = Open({.interfaces = {"near0"}, .ring_bytes = 1u << 20});
  const std::string text(1400, 'x');
  for (int i = 0; i < 3000; ++i) SendUdp("10.9.0.1", "10.9.0.101", text);
  const size_t seen = Containing(Drain(sources), text).size();
  EXPECT_GT(sources[0]->counters().dropped, 100u);
  EXPECT_GT(seen, 100u);
  // Reading the kernel's counter sets it to zero; ours keeps its value.
  EXPECT_GE(sources[0]->counters().dropped + sources[0]->counters().received, 3000u);
}

TEST_F(LiveTest, WaitsNoLongerThanAsked) {
  auto sources = Open({.wait = std::chrono::milliseconds(20)});
  model::RawPacket packet;
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(sources[0]->Read(packet), Next::kIdle);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
}

TEST_F(LiveTest, ErrorsSayWhatToDo) {
  const auto missing = OpenLive({.interfaces = {"nosuch0"}}, 1);
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().message, "there is no interface nosuch0 in this network namespace; there are: lo");

  const auto without_rights = [] {
    if (setresuid(65534, 65534, 65534) != 0) exit(1);
    const auto refused = OpenLive({}, 1);
    fputs(refused ? "it opened" : refused.error().message.c_str(), stderr);
    exit(0);
  };
  EXPECT_EXIT(without_rights(), testing::ExitedWithCode(0), "run as root or give the program CAP_NET_RAW");
}

}  // namespace
}  // namespace quaywatch::capture
