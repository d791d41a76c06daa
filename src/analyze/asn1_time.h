// SPDX-License-Identifier: Apache-2.0
//
// Times of certificates (X.690, 11.7 and 11.8; RFC 5280, 4.1.2.5), read as leniently as by Zeek.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/time.h"

namespace quaywatch::analyze {

enum class Asn1TimeKind : uint8_t { kUtc, kGeneralized };

struct Asn1Time {
  base::CalendarTime time;  // the epoch where there is an oddity
  std::string_view oddity;  // Zeek's name of it; empty if there is none
};

// "YYMMDDhhmm[ss][Z]" with a century after RFC 5280, or "YYYYMMDDhhmm[ss[.fff]][Z|+hhmm|-hhmm]". Fields
// out of range carry over (the 32nd of a month is the 1st of the next).
Asn1Time ParseAsn1Time(Asn1TimeKind kind, std::string_view text);

}  // namespace quaywatch::analyze
