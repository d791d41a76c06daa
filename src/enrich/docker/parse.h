// SPDX-License-Identifier: Apache-2.0
//
// The Docker Engine API's JSON into types.h. Any bytes may come: nothing is returned for what is no JSON, or not the
// object asked for, or has no id.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "enrich/docker/types.h"

namespace quaywatch::enrich::docker {

// Longer texts are cut; labels that a container has beyond this are left out.
inline constexpr size_t kMaxText = 4096;
inline constexpr size_t kMaxLabelBytes = 32 << 10;
// Networks of a container, and addresses in one of them.
inline constexpr size_t kMaxAttachments = 64;

std::optional<Version> ParseVersion(std::string_view json);
std::optional<Event> ParseEvent(std::string_view json);
std::optional<Container> ParseContainer(std::string_view json);

struct ContainerList {
  std::vector<Container> containers;
  size_t skipped = 0;  // elements that made no sense
};
std::optional<ContainerList> ParseContainerList(std::string_view json);

std::optional<Network> ParseNetwork(std::string_view json);

// "1.41", in nothing else.
std::optional<ApiVersion> ParseApiVersion(std::string_view text);
// RFC 3339, as Go writes it: "2026-11-22T22:54:33.254771083Z", "…+01:00". Its zero time ("0001-01-01T00:00:00Z") and
// what is no time are the epoch.
base::Timestamp ParseTime(std::string_view text);
// All 64 digits.
bool IsContainerId(std::string_view text);

}  // namespace quaywatch::enrich::docker
