// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "analyze/ntp/types.h"
#include "base/bytes.h"

namespace quaywatch::analyze::ntp {

// A whole datagram of any mode; nothing if it is too short for its mode or its extension fields are
// not those of Autokey (RFC 5906, the only ones Zeek reads).
std::optional<Message> Parse(base::Bytes datagram);

// Two to the power of `exponent` seconds, as far as a Duration goes.
base::Duration PowerOfTwo(int8_t exponent);

// 16.16 seconds; both halves signed, as Zeek reads them.
base::Duration ShortTime(uint32_t value);

// 32.32 seconds since 1900, to the microsecond a double shows; all zero is 1970.
base::Timestamp LongTime(uint64_t value);

}  // namespace quaywatch::analyze::ntp
