// SPDX-License-Identifier: Apache-2.0
//
// Tells when a container's cgroup is made, by inotify(7) on the folders in which runtimes make them. A container
// that shares the machine's network brings no interface by which it would be noticed.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

namespace quaywatch::enrich::host {

class CgroupWatch {
 public:
  // Folders watched; containers in others are noticed later.
  static constexpr size_t kMaxFolders = 4'096;
  static constexpr int kMaxDepth = 12;

  // The first of `roots` where a cgroup hierarchy is mounted, of either version; none: nothing ever happens.
  explicit CgroupWatch(const std::vector<std::string>& roots);
  ~CgroupWatch();
  CgroupWatch(const CgroupWatch&) = delete;
  CgroupWatch& operator=(const CgroupWatch&) = delete;

  // Becomes readable when there is something to Read(); -1: never.
  int fd() const { return inotify_; }
  // True: a container's or a pod's cgroup was made since the last call.
  bool Read();

 private:
  // Watches a folder and those in it; true if one of them is a container's.
  bool Add(const std::string& path, int depth);

  std::string root_;
  int inotify_ = -1;
  struct Folder {
    std::string path;
    int depth = 0;
  };
  std::unordered_map<int, Folder> folders_;  // by watch descriptor
};

}  // namespace quaywatch::enrich::host
