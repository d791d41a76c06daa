// SPDX-License-Identifier: Apache-2.0
//
// The messages of the Container Runtime Interface (proto/cri.proto) from and to bytes. Bytes that are no such message
// give nothing, fields that make no sense are left empty.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "enrich/containerd/messages.h"
#include "enrich/containerd/object.h"

namespace quaywatch::enrich::containerd {

// The group of everything CRI tells of: containerd's name for it.
inline constexpr std::string_view kCriGroup = "k8s.io";

// Without addresses and network namespace.
std::optional<std::vector<Object>> ReadSandboxes(std::string_view list_response);
// Of one sandbox, with all that is known.
std::string SandboxRequest(std::string_view id);
std::optional<Object> ReadSandbox(std::string_view status_response);

// Those of one id; all if it is empty.
std::string PodContainersRequest(std::string_view id);
std::optional<std::vector<Object>> ReadPodContainers(std::string_view list_response);

std::optional<Event> ReadPodEvent(std::string_view response);

}  // namespace quaywatch::enrich::containerd
