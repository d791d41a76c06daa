// SPDX-License-Identifier: Apache-2.0
//
// All logs the program can write.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/record.h"

namespace quaywatch::app {

// By name.
std::vector<const model::Schema*> AllLogs();

// Fails with a line for a person if one of the names is no log.
base::Result<> CheckLogNames(const std::vector<std::string>& names);

}  // namespace quaywatch::app
