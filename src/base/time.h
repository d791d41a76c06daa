// SPDX-License-Identifier: Apache-2.0
//
// Packet time. Nothing that looks at packets ever asks the wall clock.
#pragma once

#include <chrono>
#include <cstdint>

namespace quaywatch::base {

using Duration = std::chrono::nanoseconds;
// Nanoseconds since 1970-01-01 UTC; negative before.
using Timestamp = std::chrono::sys_time<std::chrono::nanoseconds>;

// A time in whole seconds, for years that Timestamp doesn't reach (1677 to 2262): certificates may end in 9999.
using CalendarTime = std::chrono::sys_seconds;

inline constexpr Timestamp FromUnixNanos(int64_t nanos) { return Timestamp(Duration(nanos)); }
inline constexpr int64_t ToUnixNanos(Timestamp time) { return time.time_since_epoch().count(); }

}  // namespace quaywatch::base
