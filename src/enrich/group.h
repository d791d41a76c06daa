// SPDX-License-Identifier: Apache-2.0
//
// Which claims speak of one workload, and what its names are when all is put together.
//
// Ids join claims whatever their times: a container's name may be told before its address is seen or after it is
// gone. A network namespace joins only what was in it at the same time, as the kernel gives its number to another
// soon.
#pragma once

#include <string>
#include <vector>

#include "enrich/claims.h"
#include "enrich/services.h"

namespace quaywatch::enrich {

// Claims considered for one workload; over it the rest is left out.
inline constexpr size_t kMaxGroup = 256;

struct Group {
  base::Timestamp at{};           // the time looked at: the one asked for, or when the holder was noticed
  std::vector<Version*> members;  // the holder first
  // What was found holds for questions about [from, until).
  base::Timestamp from = base::Timestamp::min();
  base::Timestamp until = base::Timestamp::max();
};

// All that speaks of the workload behind `holder` at `at`.
Group Collect(Claims& claims, Version& holder, base::Timestamp at);

// `local_node`: the name of this machine, for workloads that run on it and don't say.
Merged Merge(const Group& group, const Services& services, const std::string& local_node);

}  // namespace quaywatch::enrich
