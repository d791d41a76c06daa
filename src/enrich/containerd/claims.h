// SPDX-License-Identifier: Apache-2.0
//
// What the directory is told of an object.
#pragma once

#include "enrich/containerd/object.h"
#include "enrich/directory.h"

namespace quaywatch::enrich::containerd {

// `sandbox`: the one a pod's container runs in; null if it is not known, and for all others. A sandbox holds its
// pod's addresses, a container only says who it is: the directory joins them by pod uid and network namespace.
Claim ClaimOf(const Object& object, const Object* sandbox);

}  // namespace quaywatch::enrich::containerd
