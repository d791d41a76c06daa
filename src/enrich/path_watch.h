// SPDX-License-Identifier: Apache-2.0
//
// Waits for a file that isn't there yet: the socket of a runtime that is not installed or not running.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace quaywatch::enrich {

// Sees changes by inotify(7) on the directories, or on the nearest parents that exist. Where that is refused
// (fs.inotify.max_user_instances), it looks once a second. One thread waits, any thread may call Stop.
class PathWatch {
 public:
  // In order of preference. Absolute paths.
  explicit PathWatch(std::vector<std::string> paths);
  ~PathWatch();
  PathWatch(const PathWatch&) = delete;
  PathWatch& operator=(const PathWatch&) = delete;

  // Blocks until one of the paths exists and gives the first that does; nothing after `limit` or Stop.
  std::optional<std::string> Wait(base::Duration limit);
  // Ends a Wait that is going on and all later ones.
  void Stop();

 private:
  std::optional<std::string> FirstExisting() const;
  // Watches the directories that could bring a path about. False: could not.
  bool Arm();

  std::vector<std::string> paths_;
  int notify_ = -1;
  int stop_ = -1;
};

}  // namespace quaywatch::enrich
