// SPDX-License-Identifier: Apache-2.0
//
// For tests with the real kernel: containers made of a process, a network namespace and a cgroup, without any
// runtime. Needs root and iproute2.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "model/netns.h"

namespace quaywatch::enrich::host::lab {

// 64 digits; different numbers differ at the front, which is what people are shown.
inline std::string Id(unsigned number) {
  const std::string digits = std::to_string(number);
  return digits + std::string(64 - digits.size(), 'a');
}

inline bool Sh(const std::string& command) { return std::system(command.c_str()) == 0; }

// Waits for it, generously.
template <typename Condition>
bool Eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

// A folder of the test's own in a cgroup hierarchy that takes processes without further ado; empty: there is none.
inline std::string MakeCgroup(const std::string& name) {
  for (const std::string root : {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"}) {
    if (access((root + "/cgroup.procs").c_str(), W_OK) != 0) continue;
    const std::string path = root + "/" + name;
    if (mkdir(path.c_str(), 0755) == 0) return path;
  }
  return {};
}

// A process in a cgroup of its own, as a runtime makes one, until it is ended.
class Container {
 public:
  // `cgroup`: a folder to be made; empty: stays where the test is. `work` is called in the process.
  template <typename Work>
  Container(const std::string& cgroup, bool own_network, Work work) : cgroup_(cgroup) {
    if (!cgroup_.empty()) mkdir(cgroup_.c_str(), 0755);
    int ready[2];
    if (pipe(ready) != 0) return;
    pid_ = fork();
    if (pid_ == 0) {
      if (own_network && unshare(CLONE_NEWNET) != 0) _exit(1);
      if (!cgroup_.empty()) {
        const int fd = open((cgroup_ + "/cgroup.procs").c_str(), O_WRONLY);
        if (write(fd, "0", 1) != 1) _exit(1);
      }
      work();
      if (write(ready[1], "r", 1) != 1) _exit(1);
      while (true) pause();
    }
    char byte = 0;
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 1) End();
    close(ready[0]);
  }
  explicit Container(const std::string& cgroup) : Container(cgroup, true, [] {}) {}
  ~Container() { End(); }
  Container(const Container&) = delete;
  Container& operator=(const Container&) = delete;

  void End() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
    if (!cgroup_.empty()) Eventually([this] { return rmdir(cgroup_.c_str()) == 0; });
  }

  uint32_t inode() const {
    struct stat info{};
    return stat(net().c_str(), &info) == 0 ? static_cast<uint32_t>(info.st_ino) : 0;
  }
  std::string net() const { return "/proc/" + std::to_string(pid_) + "/ns/net"; }

  bool Inside(const std::string& command) const { return Sh("nsenter --net=" + net() + " sh -c '" + command + "'"); }
  // A veth with that address; the host's end has that name.
  bool Connect(const std::string& host_end, const std::string& address) const {
    return Sh("ip link add " + host_end + " type veth peer name eth0 netns " + std::to_string(pid_) +
              " && ip link set " + host_end + " up") &&
           Inside("ip addr add " + address + " dev eth0 && ip link set eth0 up");
  }

 private:
  const std::string cgroup_;
  pid_t pid_ = 0;
};

// Holds on to each namespace until it is told that it is gone, as capture does.
class Listener final : public model::NetnsListener {
 public:
  void OnAttached(uint32_t inode, int fd, const std::vector<model::NetnsInterface>& interfaces) override {
    const std::lock_guard lock(mutex_);
    mistakes_ += spaces_.contains(inode) ? 1 : 0;
    spaces_[inode] = {interfaces, dup(fd)};
  }
  void OnChanged(uint32_t inode, const std::vector<model::NetnsInterface>& interfaces) override {
    const std::lock_guard lock(mutex_);
    mistakes_ += spaces_.contains(inode) ? 0 : 1;
    spaces_[inode].interfaces = interfaces;
  }
  void OnGone(uint32_t inode) override {
    const std::lock_guard lock(mutex_);
    mistakes_ += spaces_.contains(inode) ? 0 : 1;
    close(spaces_[inode].fd);
    spaces_.erase(inode);
  }

  bool Has(uint32_t inode) const {
    const std::lock_guard lock(mutex_);
    return spaces_.contains(inode);
  }
  std::vector<model::NetnsInterface> Of(uint32_t inode) const {
    const std::lock_guard lock(mutex_);
    const auto found = spaces_.find(inode);
    return found == spaces_.end() ? std::vector<model::NetnsInterface>() : found->second.interfaces;
  }
  size_t size() const {
    const std::lock_guard lock(mutex_);
    return spaces_.size();
  }
  // Calls against the contract.
  int mistakes() const {
    const std::lock_guard lock(mutex_);
    return mistakes_;
  }

 private:
  struct Space {
    std::vector<model::NetnsInterface> interfaces;
    int fd = -1;
  };
  mutable std::mutex mutex_;
  std::map<uint32_t, Space> spaces_;
  int mistakes_ = 0;
};

}  // namespace quaywatch::enrich::host::lab
