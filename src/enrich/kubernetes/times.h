// SPDX-License-Identifier: Apache-2.0
//
// Times as the Kubernetes API writes them (RFC 3339, always UTC).
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace quaywatch::enrich::kubernetes {

// "2024-05-01T12:00:00Z", "2024-05-01T12:00:00.123456Z"; nothing for anything else.
std::optional<base::Timestamp> ParseTime(std::string_view text);

}  // namespace quaywatch::enrich::kubernetes
