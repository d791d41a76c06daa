// SPDX-License-Identifier: Apache-2.0
//
// The real kernel: namespaces, veths, addresses and cgroups made for it. Each test has a network namespace of its
// own for the machine's. Needs root.
#include "enrich/host/host.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <mutex>
#include <thread>

#include "enrich/host/network.h"

namespace quaywatch::enrich::host {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kPatience(30);

std::string Id(unsigned number) { return fmt::format("{:064x}", number); }

model::IpAddress Ip(const std::string& text) { return *model::IpAddress::Parse(text); }

void Sh(const std::string& command) {
  ASSERT_EQ(std::system(command.c_str()), 0) << command;  // NOLINT(bugprone-command-processor)
}

template <typename Condition>
bool Eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(milliseconds(2));
  }
  return true;
}

uint32_t InodeOf(pid_t pid) {
  struct stat info{};
  return stat(fmt::format("/proc/{}/ns/net", pid).c_str(), &info) == 0 ? static_cast<uint32_t>(info.st_ino) : 0;
}

// A folder in the cgroup hierarchy that takes processes without further ado.
std::string CgroupRoot() {
  for (const char* root : {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"}) {
    if (access(fmt::format("{}/cgroup.procs", root).c_str(), W_OK) == 0) return root;
  }
  return {};
}

// A process in a namespace and a cgroup of its own, as a runtime makes one, until it is ended.
class Container {
 public:
  Container(const std::string& cgroup, bool own_network) : cgroup_(cgroup) {
    if (!cgroup_.empty()) mkdir(cgroup_.c_str(), 0755);
    int ready[2];
    EXPECT_EQ(pipe(ready), 0);
    pid_ = fork();
    if (pid_ == 0) {
      if (own_network) unshare(CLONE_NEWNET);
      if (!cgroup_.empty()) {
        const int fd = open((cgroup_ + "/cgroup.procs").c_str(), O_WRONLY);
        if (write(fd, "0", 1) != 1) _exit(1);
      }
      if (write(ready[1], "r", 1) != 1) _exit(1);
      while (true) pause();
    }
    char byte = 0;
    close(ready[1]);
    EXPECT_EQ(read(ready[0], &byte, 1), 1);
    close(ready[0]);
  }
  ~Container() { End(); }
  Container(const Container&) = delete;
  Container& operator=(const Container&) = delete;

  void End() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    if (!cgroup_.empty()) Eventually([this] { return rmdir(cgroup_.c_str()) == 0; });
    pid_ = 0;
  }
  pid_t pid() const { return pid_; }
  uint32_t inode() const { return InodeOf(pid_); }

  // A veth with that address; the host's end has that name.
  void Connect(const std::string& host_end, const std::string& address) const {
    Sh(
        fmt::format("ip link add {0} type veth peer name eth0 netns {1} && ip link set {0} up && "
                    "nsenter --net=/proc/{1}/ns/net sh -c 'ip addr add {2} dev eth0 && ip link set eth0 up'",
                    host_end, pid_, address));
  }

 private:
  std::string cgroup_;
  pid_t pid_ = 0;
};

class Listener final : public model::NetnsListener {
 public:
  void OnAttached(uint32_t inode, int fd, const std::vector<model::NetnsInterface>& interfaces) override {
    const std::lock_guard lock(mutex);
    EXPECT_FALSE(spaces.contains(inode));
    spaces[inode] = interfaces;
    held[inode] = dup(fd);  // as capture's sockets do
  }
  void OnChanged(uint32_t inode, const std::vector<model::NetnsInterface>& interfaces) override {
    const std::lock_guard lock(mutex);
    EXPECT_TRUE(spaces.contains(inode));
    spaces[inode] = interfaces;
  }
  void OnGone(uint32_t inode) override {
    const std::lock_guard lock(mutex);
    EXPECT_EQ(spaces.erase(inode), 1u);
    close(held[inode]);
    held.erase(inode);
  }

  std::vector<model::NetnsInterface> Of(uint32_t inode) {
    const std::lock_guard lock(mutex);
    const auto found = spaces.find(inode);
    return found == spaces.end() ? std::vector<model::NetnsInterface>() : found->second;
  }
  bool Has(uint32_t inode) {
    const std::lock_guard lock(mutex);
    return spaces.contains(inode);
  }

  std::mutex mutex;
  std::map<uint32_t, std::vector<model::NetnsInterface>> spaces;
  std::map<uint32_t, int> held;
};

class HostTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root: makes network namespaces";
    before_ = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    ASSERT_EQ(unshare(CLONE_NEWNET), 0);
    Sh("ip link set lo up");
    cgroup_ = fmt::format("{}/quaywatch-test-{}", CgroupRoot(), getpid());
    ASSERT_EQ(mkdir(cgroup_.c_str(), 0755), 0);
  }
  void TearDown() override {
    if (before_ < 0) return;
    source_.reset();
    rmdir(cgroup_.c_str());
    setns(before_, CLONE_NEWNET);
    close(before_);
  }

  void Start() {
    source_ = StartHost({.listener = &listener_}, directory_, [](std::string_view) {});
    ASSERT_TRUE(Eventually([this] { return source_->status().state == SourceState::kWorking; }));
  }
  std::string Cgroup(unsigned number) const { return cgroup_ + "/" + Id(number); }

  // The claim with this address now; without ids if there is none.
  KnownEndpoint Known(const std::string& address) const {
    for (const KnownEndpoint& endpoint : directory_.Endpoints(true)) {
      for (const model::IpAddress& one : endpoint.addresses) {
        if (one == Ip(address) && endpoint.until == base::Timestamp::max()) return endpoint;
      }
    }
    return {};
  }
  // The container's short id, or the namespace's name.
  std::string Holder(const std::string& address, base::Timestamp at) const {
    const auto answer = directory_.HolderOf({Ip(address), 0, model::Transport::kTcp, 0}, Ip("203.0.113.1"), at,
                                            at + Directory::kSettle);
    if (!answer.identity) return {};
    return answer.identity->container.empty() ? answer.identity->name : answer.identity->container;
  }

  Listener listener_;
  Directory directory_{DirectoryOptions{}};
  std::unique_ptr<HostSource> source_;
  std::string cgroup_;
  int before_ = -1;
};

TEST_F(HostTest, AddressOfAContainerFromItsFirstMoment) {
  Start();
  Container container(Cgroup(1), true);
  container.Connect("hostv1", "10.77.0.2/24");
  const base::Timestamp connected = Now().wall;
  ASSERT_TRUE(Eventually([&] { return !Known("10.77.0.2").container_id.empty(); }));
  const KnownEndpoint known = Known("10.77.0.2");
  EXPECT_EQ(known.container_id, Id(1));
  EXPECT_EQ(known.interface, "hostv1");
  EXPECT_EQ(known.netns, container.inode());
  EXPECT_LE(known.since, connected);
  EXPECT_EQ(known.identity.kind, model::EndpointKind::kContainer);
  const auto interfaces = listener_.Of(container.inode());
  ASSERT_EQ(interfaces.size(), 2u);
  EXPECT_TRUE(interfaces[0].loopback);
  EXPECT_TRUE(interfaces[1].peer_in_host);
  EXPECT_EQ(directory_.InterfaceName(0, interfaces[1].host_index), "hostv1");
  EXPECT_EQ(directory_.InterfaceName(container.inode(), interfaces[1].index), "eth0");
}

TEST_F(HostTest, WhatWasThereBefore) {
  Container container(Cgroup(1), true);
  container.Connect("hostv1", "10.77.0.2/24");
  Start();
  EXPECT_TRUE(Eventually([&] { return Known("10.77.0.2").container_id == Id(1); }));
}

TEST_F(HostTest, NamesAndAddressesChange) {
  Start();
  Container container(Cgroup(1), true);
  container.Connect("hostv1", "10.77.0.2/24");
  ASSERT_TRUE(Eventually([&] { return Known("10.77.0.2").container_id == Id(1); }));
  Sh("ip link set hostv1 name hostnew");
  EXPECT_TRUE(Eventually([&] { return Known("10.77.0.2").interface == "hostnew"; }));
  Sh(
      fmt::format("nsenter --net=/proc/{}/ns/net sh -c 'ip addr add fd77::2/64 dev eth0 nodad; ip link set eth0 name "
                  "net1'",
                  container.pid()));
  EXPECT_TRUE(Eventually([&] { return Known("fd77::2").container_id == Id(1); }));
  EXPECT_TRUE(Eventually([&] { return listener_.Of(container.inode())[1].name == "net1"; }));
  Sh(fmt::format("nsenter --net=/proc/{}/ns/net ip addr del 10.77.0.2/24 dev net1", container.pid()));
  EXPECT_TRUE(Eventually([&] { return Known("10.77.0.2").container_id.empty(); }));
  EXPECT_EQ(Known("fd77::2").container_id, Id(1));
}

TEST_F(HostTest, EndsWithItsLastProcessThoughTheListenerHoldsIt) {
  Start();
  Container container(Cgroup(1), true);
  container.Connect("hostv1", "10.77.0.2/24");
  const uint32_t inode = container.inode();
  ASSERT_TRUE(Eventually([&] { return listener_.Has(inode); }));
  container.End();
  EXPECT_TRUE(Eventually([&] { return !listener_.Has(inode); }));
  EXPECT_TRUE(Eventually([&] { return Known("10.77.0.2").container_id.empty(); }));
  // Nothing keeps it alive.
  EXPECT_TRUE(Eventually(
      [] { return access("/sys/class/net/hostv1", F_OK) != 0 || system("ip link show hostv1 >/dev/null 2>&1") != 0; }));
}

}  // namespace
}  // namespace quaywatch::enrich::host
