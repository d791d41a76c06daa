// SPDX-License-Identifier: Apache-2.0
//
// What a container's OCI runtime specification (config.json) tells of its network: where its namespace is mounted, or
// that it has none of its own. JSON that is not understood tells nothing.
#pragma once

#include <string_view>

#include "enrich/containerd/object.h"

namespace quaywatch::enrich::containerd {

// {"linux": {"namespaces": [{"type": "network", "path": "/run/netns/x"}, ...]}}
void TakeSpec(std::string_view json, Object& object);

// What containerd and CRI-O add to a verbose answer of CRI: {"pid": 1, "runtimeSpec": {...}}.
void TakeInfo(std::string_view json, Object& object);

}  // namespace quaywatch::enrich::containerd
