// SPDX-License-Identifier: Apache-2.0
#include "enrich/host/cgroup_watch.h"

#include <dirent.h>
#include <linux/magic.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <memory>
#include <string_view>

#include "enrich/host/cgroup_path.h"

namespace quaywatch::enrich::host {

CgroupWatch::CgroupWatch(const std::vector<std::string>& roots) {
  for (const std::string& root : roots) {
    struct statfs info{};
    if (statfs(root.c_str(), &info) != 0) continue;
    if (info.f_type != CGROUP2_SUPER_MAGIC && info.f_type != CGROUP_SUPER_MAGIC) continue;
    root_ = root;
    inotify_ = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (inotify_ >= 0) Add(root, 0);
    return;
  }
}

CgroupWatch::~CgroupWatch() {
  if (inotify_ >= 0) close(inotify_);
}

bool CgroupWatch::Read() {
  if (inotify_ < 0) return false;
  bool found = false;
  alignas(inotify_event) std::array<char, 16384> buffer;
  ssize_t size = 0;
  while ((size = read(inotify_, buffer.data(), buffer.size())) > 0) {
    for (ssize_t at = 0; at < size;) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const char* name = buffer.data() + at + sizeof event;
      at += static_cast<ssize_t>(sizeof event + event.len);
      // Some were dropped: whatever they were, somebody is to look.
      if ((event.mask & IN_Q_OVERFLOW) != 0) found = true;
      if ((event.mask & IN_IGNORED) != 0) folders_.erase(event.wd);
      const auto folder = folders_.find(event.wd);
      if ((event.mask & IN_CREATE) == 0 || (event.mask & IN_ISDIR) == 0 || folder == folders_.end()) continue;
      found |= Add(folder->second.path + "/" + name, folder->second.depth + 1);
    }
  }
  return found;
}

bool CgroupWatch::Add(const std::string& path, int depth) {
  if (!OwnerOfPath(std::string_view(path).substr(root_.size())).container_id.empty()) return true;
  if (depth > kMaxDepth || folders_.size() >= kMaxFolders) return false;
  const int watch = inotify_add_watch(inotify_, path.c_str(), IN_CREATE | IN_ONLYDIR);
  if (watch < 0) return false;
  folders_[watch] = {path, depth};
  // What was made before the watch.
  bool found = false;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(path.c_str()), closedir);
  while (const dirent* entry = folder ? readdir(folder.get()) : nullptr) {
    const std::string_view name = entry->d_name;
    if (entry->d_type == DT_DIR && name != "." && name != "..") found |= Add(path + "/" + entry->d_name, depth + 1);
  }
  return found;
}

}  // namespace quaywatch::enrich::host
