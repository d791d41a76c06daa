// SPDX-License-Identifier: Apache-2.0
#include "enrich/host/anchors.h"

#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace quaywatch::enrich::host {

Anchors::~Anchors() { Follow({}); }

void Anchors::Follow(const std::vector<pid_t>& processes) {
  std::map<pid_t, int> kept;
  for (const pid_t process : processes) {
    if (kept.contains(process)) continue;
    if (const auto known = followed_.find(process); known != followed_.end()) {
      kept.insert(followed_.extract(known));
      continue;
    }
    const int fd = static_cast<int>(syscall(SYS_pidfd_open, process, 0));
    if (fd < 0) continue;
    epoll_event event{.events = EPOLLIN | EPOLLONESHOT, .data = {.fd = fd}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    kept.emplace(process, fd);
  }
  for (const auto& [process, fd] : followed_) close(fd);
  followed_ = std::move(kept);
}

}  // namespace quaywatch::enrich::host
