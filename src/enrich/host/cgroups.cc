// SPDX-License-Identifier: Apache-2.0
#include "enrich/host/cgroups.h"

#include <dirent.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <memory>
#include <string_view>

namespace quaywatch::enrich::host {

Cgroups::Cgroups(const std::vector<std::string>& roots) {
  for (const std::string& root : roots) {
    struct statfs info{};
    if (statfs(root.c_str(), &info) != 0 || info.f_type != CGROUP2_SUPER_MAGIC) continue;
    root_ = root;
    return;
  }
}

std::optional<CgroupOwner> Cgroups::OwnerOf(uint64_t id, base::Timestamp now) {
  auto found = owners_.find(id);
  if (found == owners_.end()) {
    if (root_.empty() || (walked_ != base::Timestamp::min() && now - walked_ < kBetweenWalks)) return std::nullopt;
    walked_ = now;
    Walk();
    found = owners_.find(id);
  }
  return found == owners_.end() ? std::nullopt : std::optional(found->second);
}

void Cgroups::Walk() {
  owners_.clear();
  struct stat info{};
  if (stat(root_.c_str(), &info) == 0) owners_[info.st_ino] = {};
  WalkFolder(root_, 0);
}

void Cgroups::WalkFolder(const std::string& path, int depth) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(path.c_str()), closedir);
  while (const dirent* entry = folder ? readdir(folder.get()) : nullptr) {
    const std::string_view name = entry->d_name;
    if (entry->d_type != DT_DIR || name == "." || name == "..") continue;
    if (owners_.size() >= kMaxFolders) return;
    const std::string child = path + "/" + entry->d_name;
    owners_[entry->d_ino] = OwnerOfPath(std::string_view(child).substr(root_.size()));
    if (depth < kMaxDepth) WalkFolder(child, depth + 1);
  }
}

}  // namespace quaywatch::enrich::host
