// SPDX-License-Identifier: Apache-2.0
//
// Tells when one of some processes ends (pidfd_open(2), Linux 5.3; older: never).
#pragma once

#include <sys/types.h>

#include <map>
#include <vector>

namespace quaywatch::enrich::host {

class Anchors {
 public:
  // Ends are told by events on the epoll instance, once for each process.
  explicit Anchors(int epoll) : epoll_(epoll) {}
  ~Anchors();
  Anchors(const Anchors&) = delete;
  Anchors& operator=(const Anchors&) = delete;

  // From now on these and no others.
  void Follow(const std::vector<pid_t>& processes);

 private:
  const int epoll_;
  std::map<pid_t, int> followed_;
};

}  // namespace quaywatch::enrich::host
