// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.h"

namespace quaywatch::api {

// Asks the sensor that listens at `socket` for a path. Fails with a line for a person: nobody listens there, no
// right to ask, no answer within 10 s.
base::Result<std::string> Ask(const std::string& socket, const std::string& path);

}  // namespace quaywatch::api
