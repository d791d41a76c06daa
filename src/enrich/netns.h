// SPDX-License-Identifier: Apache-2.0
//
// Which network namespace somebody lives in: the inode number that /proc/PID/ns/net and a namespace's mount have.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace quaywatch::enrich {

// Of a namespace that is mounted at `path`; 0 if none is, or it can't be read.
uint32_t NetnsAt(const std::string& path);

// Of the process that a runtime calls the first of that container. 0 if it is gone, must not be looked at, or has
// another container's cgroups: in another process namespace than the runtime's the number is somebody else's.
uint32_t NetnsOfContainer(uint32_t pid, std::string_view container_id);

// This process's own.
uint32_t OwnNetns();

}  // namespace quaywatch::enrich
