// SPDX-License-Identifier: Apache-2.0
//
// Times of a saved state: RFC 3339 in UTC, as "2026-11-22T23:16:17.123456789Z"; the fraction may be missing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace quaywatch::enrich {

// Times before 1970 are written as its first moment.
std::string TimeText(base::Timestamp time);
// Years 1970 to 2261; nothing for anything else.
std::optional<base::Timestamp> ParseTimeText(std::string_view text);

}  // namespace quaywatch::enrich
