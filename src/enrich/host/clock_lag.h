// SPDX-License-Identifier: Apache-2.0
//
// How far the clock of the kernel's timestamps on addresses is behind CLOCK_MONOTONIC.
#pragma once

#include <optional>

#include "base/time.h"

namespace quaywatch::enrich::host {

// Those timestamps (IFA_CACHEINFO) count ticks, which began some tenths of a second after the clock; the difference
// stays the same while the machine runs. Found by setting addresses on the loopback of a network namespace that is
// made for it, and gone afterwards. Too small by a few milliseconds at most, never too large. Nothing without
// CAP_SYS_ADMIN.
std::optional<base::Duration> KernelClockLag();

}  // namespace quaywatch::enrich::host
