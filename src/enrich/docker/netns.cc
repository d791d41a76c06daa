// SPDX-License-Identifier: Apache-2.0
#include "enrich/docker/netns.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <fstream>
#include <string>

namespace quaywatch::enrich::docker {
namespace {

uint32_t InodeOf(const std::string& path) {
  struct statfs filesystem{};
  struct stat file{};
  // Before the namespace is mounted on it, the path is an ordinary file.
  if (statfs(path.c_str(), &filesystem) != 0 || filesystem.f_type != NSFS_MAGIC) return 0;
  return stat(path.c_str(), &file) == 0 ? static_cast<uint32_t>(file.st_ino) : 0;
}

// In another process namespace than the engine's, the number is somebody else's.
bool BelongsTo(const std::string& process, const std::string& container) {
  constexpr int kMaxLines = 64;
  std::ifstream cgroups(process + "/cgroup");
  std::string line;
  for (int i = 0; i < kMaxLines && std::getline(cgroups, line); ++i) {
    if (line.find(container) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

uint32_t NetnsOf(const Container& container) {
  if (container.sandbox_key.starts_with('/')) {
    if (const uint32_t inode = InodeOf(container.sandbox_key)) return inode;
  }
  if (container.pid <= 0) return 0;
  const std::string process = "/proc/" + std::to_string(container.pid);
  return BelongsTo(process, container.id) ? InodeOf(process + "/ns/net") : 0;
}

}  // namespace quaywatch::enrich::docker
