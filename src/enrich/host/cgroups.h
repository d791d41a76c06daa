// SPDX-License-Identifier: Apache-2.0
//
// Cgroups of version 2 by their id, which is the inode number of their folder (cgroups(7)).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "enrich/host/cgroup_path.h"

namespace quaywatch::enrich::host {

// Not thread-safe.
class Cgroups {
 public:
  // Folders looked at in one walk; deeper or more are not found.
  static constexpr size_t kMaxFolders = 50'000;
  static constexpr int kMaxDepth = 16;
  // Walks for ids that are not known have at least this between them.
  static constexpr base::Duration kBetweenWalks = std::chrono::milliseconds(100);

  // The first of `roots` where a hierarchy of version 2 is mounted; none: nothing is ever found.
  explicit Cgroups(const std::vector<std::string>& roots);

  // Empty: it belongs to no container. Nothing: there is no such cgroup now.
  std::optional<CgroupOwner> OwnerOf(uint64_t id, base::Timestamp now);

 private:
  void Walk();
  void WalkFolder(const std::string& path, int depth);

  std::string root_;
  std::unordered_map<uint64_t, CgroupOwner> owners_;  // of the last walk
  base::Timestamp walked_ = base::Timestamp::min();
};

}  // namespace quaywatch::enrich::host
