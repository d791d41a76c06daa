// SPDX-License-Identifier: Apache-2.0
//
// The messages of containerd's own API (proto/) from and to bytes. What is read comes from another program and may be
// anything: bytes that are no such message give nothing, fields that make no sense are left empty.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "enrich/containerd/object.h"

namespace quaywatch::enrich::containerd {

// Something happened to a container or sandbox.
struct Event {
  enum class Kind : uint8_t {
    kChanged,   // created, or described anew
    kPrepared,  // its process is there, but does not run the container's program yet
    kStarted,
    kExited,
    kDeleted,
    kNothing,  // that matters here: the end of a process that is not a container's first
  };
  Kind kind = Kind::kChanged;
  std::string group;
  std::string id;
  std::string sandbox;  // told by CRI only
  uint32_t pid = 0;     // kPrepared, kStarted; CRI does not tell
  base::Timestamp at{};
};

// The first process of a container.
struct Task {
  std::string id;
  uint32_t pid = 0;
  bool alive = false;  // runs, is paused, or is about to run
};

// Docker's namespaces in containerd: its containers, and its plugins.
inline bool IsDockers(std::string_view group) { return group == "moby" || group == "plugins.moby"; }

// Asks for exactly the events that ReadEvent understands.
std::string SubscribeRequest();
std::optional<Event> ReadEvent(std::string_view envelope);

std::optional<std::vector<std::string>> ReadGroups(std::string_view response);

std::string ContainerRequest(std::string_view id);
std::optional<Object> ReadContainer(std::string_view response, const std::string& group);
std::optional<std::vector<Object>> ReadContainers(std::string_view response, const std::string& group);

std::optional<std::vector<Task>> ReadTasks(std::string_view response);

}  // namespace quaywatch::enrich::containerd
