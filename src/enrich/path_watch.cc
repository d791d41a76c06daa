// SPDX-License-Identifier: Apache-2.0
#include "enrich/path_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace quaywatch::enrich {
namespace {

constexpr base::Duration kBlindLook = std::chrono::seconds(1);

// A directory that is made may have its file before the watch on it is set, so every step looks again.
void Drain(int fd) {
  alignas(inotify_event) char events[4096];
  while (read(fd, events, sizeof events) > 0) {
  }
}

}  // namespace

PathWatch::PathWatch(std::vector<std::string> paths)
    : paths_(std::move(paths)), stop_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

PathWatch::~PathWatch() {
  if (notify_ >= 0) close(notify_);
  if (stop_ >= 0) close(stop_);
}

std::optional<std::string> PathWatch::FirstExisting() const {
  for (const std::string& path : paths_) {
    if (access(path.c_str(), F_OK) == 0) return path;
  }
  return std::nullopt;
}

bool PathWatch::Arm() {
  // Anew each time: watches on directories that are gone, or of no more use, go with the old one.
  if (notify_ >= 0) close(notify_);
  notify_ = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (notify_ < 0) return false;
  for (const std::string& path : paths_) {
    std::filesystem::path folder = std::filesystem::path(path).parent_path();
    constexpr uint32_t kChanges = IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
    while (inotify_add_watch(notify_, folder.c_str(), kChanges) < 0) {
      if (!folder.has_relative_path()) return false;
      folder = folder.parent_path();
    }
  }
  return true;
}

std::optional<std::string> PathWatch::Wait(base::Duration limit) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + limit;
  while (true) {
    const bool armed = Arm();
    if (auto path = FirstExisting()) return path;
    const base::Duration left = end - Clock::now();
    if (left <= base::Duration::zero()) return std::nullopt;
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(armed ? left : std::min(left, kBlindLook));
    pollfd fds[2] = {{stop_, POLLIN, 0}, {notify_, POLLIN, 0}};
    poll(fds, armed ? 2 : 1, static_cast<int>(std::min<int64_t>(wait.count(), 3'600'000)));
    if (fds[0].revents != 0) return std::nullopt;
    if (armed) Drain(notify_);
  }
}

void PathWatch::Stop() {
  const uint64_t one = 1;
  [[maybe_unused]] const auto written = write(stop_, &one, sizeof one);
}

}  // namespace quaywatch::enrich
