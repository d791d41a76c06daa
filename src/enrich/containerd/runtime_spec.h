// SPDX-License-Identifier: Apache-2.0
//
// What a container's OCI runtime specification (config.json) tells: where its network namespace is mounted, or that it
// has none of its own; and which sandbox it belongs to. JSON that is not understood tells nothing.
#pragma once

#include <string_view>

#include "enrich/containerd/object.h"

namespace quaywatch::enrich::containerd {

// {"linux": {"namespaces": [{"type": "network", "path": "/run/netns/x"}, ...]},
//  "annotations": {"io.kubernetes.cri.sandbox-id": "..."}}
void TakeSpec(std::string_view json, Object& object);

// What containerd and CRI-O add to a verbose answer of CRI: {"pid": 1, "runtimeSpec": {...}}.
void TakeInfo(std::string_view json, Object& object);

}  // namespace quaywatch::enrich::containerd
