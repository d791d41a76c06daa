// SPDX-License-Identifier: Apache-2.0
//
// Configuration files and tokens, whole.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace quaywatch::enrich::kubernetes {

// Fails with "PATH: why" if it can't be read or is longer than `most` bytes.
base::Result<std::string> ReadSmallFile(const std::string& path, size_t most);

}  // namespace quaywatch::enrich::kubernetes
