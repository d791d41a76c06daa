// SPDX-License-Identifier: Apache-2.0
//
// Capture in the namespaces of workloads ("pods" here), from a namespace of the test's own. Needs root and
// iproute2.
#include "capture/namespaces.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <set>
#include <thread>

#include "capture/live.h"

namespace quaywatch::capture {
namespace {

using model::NetnsInterface;

constexpr auto kGenerous = std::chrono::seconds(30);
const std::string kLoopbackFrame = std::string(12, '\0') + std::string("\x88\xb5", 2);

struct Pod {
  int fd = -1;
  uint32_t inode = 0;
};

struct Live {
  std::unique_ptr<Namespaces> namespaces;
  std::vector<std::unique_ptr<Source>> sources;
};

struct Seen {
  base::Timestamp ts;
  uint32_t netns;
  uint32_t interface;
  bool outgoing;
  std::string data;
};

NetnsInterface Loopback() { return {.index = 1, .name = "lo", .kind = "", .loopback = true}; }

class NamespacesTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "live capture is tested as root only: it makes network namespaces";
    if (std::system("ip -V > /dev/null 2>&1") != 0) GTEST_SKIP() << "the tests of live capture need iproute2 (ip)";
    outside_ = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "no permission to make a network namespace";
    here_ = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    Run("ip link set lo up");
  }
  void TearDown() override {
    if (outside_ < 0) return;
    for (const Pod& pod : pods_) Drop(pod);
    setns(outside_, CLONE_NEWNET);
    close(outside_);
    if (here_ >= 0) close(here_);
  }

  static void Run(const std::string& command) { ASSERT_EQ(std::system(command.c_str()), 0) << command; }
  void RunIn(const Pod& pod, const std::string& command) {
    setns(pod.fd, CLONE_NEWNET);
    Run(command);
    setns(here_, CLONE_NEWNET);
  }

  Pod MakePod() {
    EXPECT_EQ(unshare(CLONE_NEWNET), 0);
    Pod pod{.fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)};
    struct stat status{};
    fstat(pod.fd, &status);
    pod.inode = static_cast<uint32_t>(status.st_ino);
    Run("ip link set lo up");
    setns(here_, CLONE_NEWNET);
    pods_.push_back(pod);
    return pod;
  }
  static void Drop(const Pod& pod) {
    if (pod.fd >= 0) close(pod.fd);
  }
  // Its last reference of ours goes.
  void Forget(const Pod& pod) {
    Drop(pod);
    std::erase_if(pods_, [&](const Pod& known) { return known.inode == pod.inode; });
  }

  // A raw socket on an interface of the pod, or of this namespace.
  int RawSocket(const Pod* pod, const char* interface) {
    if (pod != nullptr) setns(pod->fd, CLONE_NEWNET);
    const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_ifindex = static_cast<int>(if_nametoindex(interface));
    EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&to), sizeof to), 0) << interface;
    if (pod != nullptr) setns(here_, CLONE_NEWNET);
    return fd;
  }
  void SendOn(const Pod* pod, const char* interface, const std::string& text) {
    const int fd = RawSocket(pod, interface);
    const std::string frame = kLoopbackFrame + text;
    ASSERT_EQ(send(fd, frame.data(), frame.size(), 0), static_cast<ssize_t>(frame.size()));
    close(fd);
  }

  Live Open(unsigned workers = 1, const NamespaceOptions& options = {}) {
    Live live{.namespaces = std::make_unique<Namespaces>(options), .sources = {}};
    auto sources = OpenLive(
        {.ring_bytes = 16u << 20, .wait = std::chrono::milliseconds(20), .namespaces = live.namespaces.get()}, workers);
    EXPECT_TRUE(sources.has_value()) << sources.error().message;
    if (sources) live.sources = std::move(*sources);
    return live;
  }

  static bool Eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + kGenerous;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }

  // The source has the rings only when it has looked.
  static std::vector<Seen> Read(Source& source) {
    std::vector<Seen> seen;
    model::RawPacket p;
    while (source.Read(p) == Next::kPacket) {
      seen.push_back({p.ts, p.netns, p.interface, p.outgoing, std::string(base::AsText(p.data))});
    }
    return seen;
  }
  static std::vector<Seen> ReadAll(Live& live) {
    std::vector<Seen> seen;
    for (auto& source : live.sources) std::ranges::move(Read(*source), std::back_inserter(seen));
    return seen;
  }
  static std::vector<Seen> Containing(const std::vector<Seen>& all, std::string_view text) {
    std::vector<Seen> some;
    std::ranges::copy_if(all, std::back_inserter(some),
                         [&](const Seen& seen) { return seen.data.find(text) != std::string::npos; });
    return some;
  }
  // Until so many rings are open, and the sources have them.
  static void WaitForRings(Live& live, uint64_t rings) {
    ASSERT_TRUE(Eventually([&] { return live.namespaces->counters().rings == rings; }))
        << live.namespaces->counters().rings << " of " << rings;
    ReadAll(live);
  }

  int outside_ = -1, here_ = -1;
  std::vector<Pod> pods_;
};

TEST_F(NamespacesTest, SeesAPodsLoopbackOnce) {
  Live live = Open(2);
  const Pod pod = MakePod();
  SendOn(&pod, "lo", "too early");
  live.namespaces->OnAttached(pod.inode, pod.fd, {Loopback()});
  WaitForRings(live, 1);
  SendOn(&pod, "lo", "in the pod");
  SendOn(nullptr, "lo", "at home");
  const auto all = ReadAll(live);
  const auto inside = Containing(all, "in the pod"), home = Containing(all, "at home");
  ASSERT_EQ(inside.size(), 1u);
  EXPECT_EQ(inside[0].netns, pod.inode);
  EXPECT_EQ(inside[0].interface, 1u);
  EXPECT_FALSE(inside[0].outgoing);
  ASSERT_EQ(home.size(), 1u);
  EXPECT_EQ(home[0].netns, 0u);
  EXPECT_TRUE(Containing(all, "too early").empty());
}

TEST_F(NamespacesTest, SeesInPodsWhatTheHostDoesNot) {
  const Pod outside = MakePod(), first = MakePod(), second = MakePod();
  Run(fmt::format("ip link add up0 type veth peer name up1 netns /proc/{}/fd/{}; ip link set up0 up", getpid(),
                  outside.fd));
  RunIn(outside, "ip link set up1 up");
  // Each has a macvlan on up0, a veth to the host, and one to the other.
  Run(fmt::format("ip link add direct0 netns /proc/{0}/fd/{1} type veth peer name direct0 netns /proc/{0}/fd/{2}",
                  getpid(), first.fd, second.fd));
  Live live = Open(2);
  for (const Pod* pod : {&first, &second}) {
    Run(
        fmt::format("ip link add link up0 name eth0 netns /proc/{0}/fd/{1} type macvlan mode bridge; "
                    "ip link add v{1} type veth peer name eth1 netns /proc/{0}/fd/{1}; ip link set v{1} up",
                    getpid(), pod->fd));
    RunIn(*pod, fmt::format("ip link set eth1 up; ip link set eth0 up; ip addr add 10.5.0.{0}/24 dev eth0; "
                            "ip link set direct0 up; ip addr add 10.6.0.{0}/24 dev direct0",
                            pod->fd));
    setns(pod->fd, CLONE_NEWNET);
    const NetnsInterface macvlan{.index = if_nametoindex("eth0"), .name = "eth0", .kind = "macvlan", .host_index = 2};
    const NetnsInterface veth{.index = if_nametoindex("eth1"), .name = "eth1", .kind = "veth", .peer_in_host = true};
    const NetnsInterface direct{.index = if_nametoindex("direct0"), .name = "direct0", .kind = "veth"};
    setns(here_, CLONE_NEWNET);
    live.namespaces->OnAttached(pod->inode, pod->fd, {Loopback(), macvlan, veth, direct});
  }
  WaitForRings(live, 6);  // two loopbacks, and two interfaces for two workers
  RunIn(first, fmt::format("ping -c 3 -i 0.01 -w 20 -s 77 10.5.0.{} > /dev/null", second.fd));
  RunIn(first, fmt::format("ping -c 3 -i 0.01 -w 20 -s 99 10.6.0.{} > /dev/null", second.fd));

  using Point = std::tuple<uint32_t, bool>;
  std::map<Point, int> by_macvlan, directly;
  std::map<size_t, std::set<size_t>> workers;
  for (size_t worker = 0; worker < live.sources.size(); ++worker) {
    for (const Seen& seen : Read(*live.sources[worker])) {
      constexpr size_t kHeaders = 14 + 20 + 8;
      if (seen.data.size() == kHeaders + 77) ++by_macvlan[{seen.netns, seen.outgoing}];
      if (seen.data.size() == kHeaders + 99) ++directly[{seen.netns, seen.outgoing}];
      workers[seen.data.size()].insert(worker);
    }
  }
  EXPECT_EQ(workers[14 + 20 + 8 + 99].size(), 1u) << "both directions, in both pods, reach one worker";
  EXPECT_EQ(
      directly,
      (std::map<Point, int>{
          {{first.inode, false}, 3}, {{first.inode, true}, 3}, {{second.inode, false}, 3}, {{second.inode, true}, 3}}));
  EXPECT_EQ(by_macvlan, (std::map<Point, int>{{{0, false}, 6}})) << "the parent shows them all, and once";
}

TEST_F(NamespacesTest, RingsShrinkAsThereAreMore) {
  const Pod first = MakePod(), second = MakePod(), third = MakePod();
  Live live = Open(1, {.least_ring_bytes = 1u << 20, .most_ring_bytes = 4u << 20, .memory = 68u << 20});
  uint64_t before = 0;
  std::vector<uint64_t> sizes;
  for (const Pod* pod : {&first, &second, &third}) {
    live.namespaces->OnAttached(pod->inode, pod->fd, {Loopback()});
    WaitForRings(live, sizes.size() + 1);
    const uint64_t held = live.namespaces->counters().ring_bytes;
    sizes.push_back(held - before);
    before = held;
  }
  EXPECT_EQ(sizes, (std::vector<uint64_t>{4u << 20, 4u << 20, 60u << 16}));
  live.namespaces->OnGone(first.inode);
  EXPECT_EQ(live.namespaces->counters().ring_bytes, before - (4u << 20));
}

TEST_F(NamespacesTest, PacketsOfSeveralRingsComeInOrder) {
  constexpr uint32_t kPackets = 100'000;
  const Pod first = MakePod(), second = MakePod();
  Live live = Open(1, {.most_ring_bytes = 16u << 20, .memory = 1u << 30});
  for (const Pod* pod : {&first, &second}) live.namespaces->OnAttached(pod->inode, pod->fd, {Loopback()});
  WaitForRings(live, 2);

  const int sockets[] = {RawSocket(nullptr, "lo"), RawSocket(&first, "lo"), RawSocket(&second, "lo")};
  std::thread sender([&] {
    std::string frame = kLoopbackFrame + "....";
    for (uint32_t i = 0; i < kPackets; ++i) {
      std::memcpy(&frame[kLoopbackFrame.size()], &i, sizeof i);
      // Not in turn only, and with silence on one of them now and then.
      const int on = i % 5000 < 1000 ? static_cast<int>(i % 2) : static_cast<int>(i * 7 / 3 % 3);
      send(sockets[on], frame.data(), frame.size(), 0);
      if (i % 5000 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(3));
    }
  });
  uint32_t expected = 0, disorder = 0;
  base::Timestamp last{};
  model::RawPacket p;
  const auto end = std::chrono::steady_clock::now() + kGenerous;
  while (expected < kPackets && std::chrono::steady_clock::now() < end) {
    if (live.sources[0]->Read(p) != Next::kPacket || p.data.size() != 18) continue;
    uint32_t number = 0;
    std::memcpy(&number, &p.data[14], sizeof number);
    disorder += number != expected || p.ts < last;
    expected = number + 1;
    last = p.ts;
  }
  sender.join();
  for (const int fd : sockets) close(fd);
  EXPECT_EQ(expected, kPackets);
  EXPECT_EQ(disorder, 0u);
  EXPECT_EQ(live.sources[0]->counters().dropped, 0u);
}

TEST_F(NamespacesTest, RingsComeAndGoWhilePacketsFlow) {
  constexpr uint32_t kRounds = 30;
  Live live = Open();
  const int home = RawSocket(nullptr, "lo");
  std::atomic<bool> stop = false;
  std::atomic<uint32_t> sent = 0;
  std::thread sender([&] {
    std::string frame = kLoopbackFrame + "home....";
    while (!stop) {
      const uint32_t number = sent++;
      std::memcpy(&frame[kLoopbackFrame.size() + 4], &number, sizeof number);
      send(home, frame.data(), frame.size(), 0);
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  });
  std::atomic<uint32_t> from_home = 0, last_words = 0, disorder = 0;
  std::thread reader([&] {
    base::Timestamp last{};
    model::RawPacket p;
    // All that was sent, and a little longer.
    for (int idle = 0; idle < 5;) {
      const Next next = live.sources[0]->Read(p);
      idle = next == Next::kIdle && stop ? idle + 1 : 0;
      if (next != Next::kPacket) continue;
      disorder += p.ts < last;
      last = p.ts;
      const std::string_view text = base::AsText(p.data);
      from_home += text.find("home") != std::string_view::npos;
      last_words += text.find("last words") != std::string_view::npos;
    }
  });
  for (uint32_t round = 0; round < kRounds; ++round) {
    const Pod pod = MakePod();
    live.namespaces->OnAttached(pod.inode, pod.fd, {Loopback()});
    EXPECT_TRUE(Eventually([&] { return live.namespaces->counters().rings == 1; }));
    // The source opens it for packets within the time it takes to look.
    const uint32_t before = last_words;
    EXPECT_TRUE(Eventually([&] {
      SendOn(&pod, "lo", "last words");
      return last_words > before;
    }));
    const uint32_t heard = last_words;
    SendOn(&pod, "lo", "last words");
    live.namespaces->OnGone(pod.inode);
    EXPECT_TRUE(Eventually([&] { return last_words > heard; }));
    Forget(pod);
  }
  stop = true;
  sender.join();
  reader.join();
  close(home);
  EXPECT_EQ(from_home, sent);
  EXPECT_EQ(disorder, 0u);
  EXPECT_EQ(live.sources[0]->counters().dropped, 0u);
}

TEST_F(NamespacesTest, LetsGoOfANamespaceThatIsGone) {
  Live live = Open();
  std::atomic<bool> stop = false;
  std::thread reader([&] {
    model::RawPacket p;
    while (!stop) live.sources[0]->Read(p);
  });
  for (int round = 0; round < 10; ++round) {
    const Pod pod = MakePod();
    Run(fmt::format("ip link add near{} type veth peer name eth0 netns /proc/{}/fd/{}", round, getpid(), pod.fd));
    live.namespaces->OnAttached(pod.inode, pod.fd, {Loopback()});
    // Also one that vanishes while it is being entered.
    if (round % 2 == 0) {
      EXPECT_TRUE(Eventually([&] { return live.namespaces->counters().rings == 1; }));
    }
    live.namespaces->OnGone(pod.inode);
    Forget(pod);
    // The kernel removes the link with the namespace, when nobody holds it any more.
    EXPECT_TRUE(Eventually([&] { return if_nametoindex(fmt::format("near{}", round).c_str()) == 0; }));
  }
  stop = true;
  reader.join();
  EXPECT_EQ(live.namespaces->counters().attached, 0u);
  EXPECT_EQ(live.namespaces->counters().rings, 0u);
}

TEST_F(NamespacesTest, InterfacesComeAndGo) {
  Live live = Open();
  const Pod pod = MakePod();
  live.namespaces->OnAttached(pod.inode, pod.fd, {Loopback()});
  WaitForRings(live, 1);
  RunIn(pod, "ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up");
  setns(pod.fd, CLONE_NEWNET);
  const uint32_t index = if_nametoindex("v0");
  setns(here_, CLONE_NEWNET);
  const NetnsInterface inner{.index = index, .name = "v0", .kind = "veth"};
  live.namespaces->OnChanged(pod.inode, {Loopback(), inner});
  WaitForRings(live, 2);
  SendOn(&pod, "v0", "from v0");
  SendOn(&pod, "v1", "from v1");
  const auto all = ReadAll(live);
  ASSERT_EQ(Containing(all, "from v0").size(), 1u);
  EXPECT_TRUE(Containing(all, "from v0")[0].outgoing);
  EXPECT_EQ(Containing(all, "from v0")[0].interface, index);
  ASSERT_EQ(Containing(all, "from v1").size(), 1u);
  EXPECT_FALSE(Containing(all, "from v1")[0].outgoing);

  // It goes before we are told; afterwards something else is tried in vain, and said.
  RunIn(pod, "ip link del v0");
  ReadAll(live);
  EXPECT_TRUE(Eventually([&] {
    ReadAll(live);
    return live.namespaces->counters().rings == 1;
  }));
  live.namespaces->OnChanged(pod.inode, {Loopback(), inner});
  EXPECT_TRUE(Eventually([&] { return live.namespaces->counters().missed.size() == 1; }));
  EXPECT_EQ(live.namespaces->counters().missed[0].interface, "v0");
  live.namespaces->OnChanged(pod.inode, {Loopback()});
  EXPECT_TRUE(Eventually([&] { return live.namespaces->counters().missed.empty(); }));
}

TEST_F(NamespacesTest, MayBeToldBeforeThereAreSources) {
  Live live{.namespaces = std::make_unique<Namespaces>(), .sources = {}};
  const Pod pod = MakePod(), gone = MakePod();
  for (const Pod* each : {&pod, &gone}) live.namespaces->OnAttached(each->inode, each->fd, {Loopback()});
  live.namespaces->OnGone(gone.inode);
  EXPECT_EQ(live.namespaces->counters().attached, 1u);
  auto sources = OpenLive({.namespaces = live.namespaces.get()}, 1);
  ASSERT_TRUE(sources.has_value());
  live.sources = std::move(*sources);
  WaitForRings(live, 1);
}

TEST_F(NamespacesTest, AHundredNamespaces) {
  constexpr size_t kPods = 100;
  Live live = Open(2, {.max_namespaces = kPods});
  for (size_t i = 0; i < kPods; ++i) {
    const Pod pod = MakePod();
    live.namespaces->OnAttached(pod.inode, pod.fd, {Loopback()});
  }
  const Pod too_many = MakePod();
  live.namespaces->OnAttached(too_many.inode, too_many.fd, {Loopback()});
  WaitForRings(live, kPods);
  EXPECT_EQ(live.namespaces->counters().captured, kPods);
  EXPECT_EQ(live.namespaces->counters().over_limit, 1u);
  for (const Pod& pod : pods_) SendOn(&pod, "lo", "here I am");
  std::set<uint32_t> heard;
  for (const Seen& seen : Containing(ReadAll(live), "here I am")) heard.insert(seen.netns);
  EXPECT_EQ(heard.size(), kPods);
  EXPECT_FALSE(heard.contains(too_many.inode));
}

TEST_F(NamespacesTest, DropsAreCountedByNamespace) {
  Live live = Open(1, {.most_ring_bytes = 512u << 10});
  const Pod pod = MakePod();
  live.namespaces->OnAttached(pod.inode, pod.fd, {Loopback()});
  WaitForRings(live, 1);
  const int fd = RawSocket(&pod, "lo");
  const std::string frame = kLoopbackFrame + std::string(1400, 'x');
  for (int i = 0; i < 2000; ++i) send(fd, frame.data(), frame.size(), 0);
  close(fd);
  ReadAll(live);
  const Counters counters = live.sources[0]->counters();
  EXPECT_GT(counters.dropped_in_namespaces, 100u);
  EXPECT_EQ(counters.dropped_in_namespaces, counters.dropped);
  const auto losses = live.namespaces->counters().losses;
  ASSERT_EQ(losses.size(), 1u);
  EXPECT_EQ(losses[0].netns, pod.inode);
  EXPECT_EQ(losses[0].dropped, counters.dropped);
}

}  // namespace
}  // namespace quaywatch::capture
