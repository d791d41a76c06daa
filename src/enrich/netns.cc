// SPDX-License-Identifier: Apache-2.0
#include "enrich/netns.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <fstream>

namespace quaywatch::enrich {
namespace {

bool HasCgroupOf(const std::string& process, std::string_view container_id) {
  constexpr int kMaxLines = 64;
  std::ifstream cgroups(process + "/cgroup");
  std::string line;
  for (int i = 0; i < kMaxLines && std::getline(cgroups, line); ++i) {
    if (line.find(container_id) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

uint32_t NetnsAt(const std::string& path) {
  struct statfs filesystem{};
  struct stat file{};
  // Before the namespace is mounted on it, the path is an ordinary file.
  if (statfs(path.c_str(), &filesystem) != 0 || filesystem.f_type != NSFS_MAGIC) return 0;
  return stat(path.c_str(), &file) == 0 ? static_cast<uint32_t>(file.st_ino) : 0;
}

uint32_t NetnsOfContainer(uint32_t pid, std::string_view container_id) {
  if (pid == 0 || container_id.empty()) return 0;
  const std::string process = "/proc/" + std::to_string(pid);
  return HasCgroupOf(process, container_id) ? NetnsAt(process + "/ns/net") : 0;
}

uint32_t OwnNetns() { return NetnsAt("/proc/self/ns/net"); }

}  // namespace quaywatch::enrich
