// SPDX-License-Identifier: Apache-2.0
//
// The network namespace a container lives in, as far as this process may see it.
#pragma once

#include <cstdint>

#include "enrich/docker/types.h"

namespace quaywatch::enrich::docker {

// Its inode number, from the path that the engine keeps for it, else from /proc/PID of the container's process; 0 if
// neither can be read: the sensor runs in a container of its own and sees other files or other processes.
uint32_t NetnsOf(const Container& container);

}  // namespace quaywatch::enrich::docker
