// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "analyze/syslog/types.h"
#include "base/bytes.h"

namespace quaywatch::analyze::syslog {

// A whole datagram. Text that does not begin with "<" is a message without a priority; nothing if it is
// empty or begins with "<" and goes on with anything but "number>".
std::optional<Message> Parse(base::Bytes datagram);

// Does it look like syslog and nothing else: a priority in bounds and a date (RFC 3164) or a version (RFC 5424)?
bool IsTypical(base::Bytes datagram);

// Zeek's words ("AUTHPRIV", "NOTICE"; "?-30" for a number without a name).
std::string_view FacilityName(uint32_t facility);
std::string_view SeverityName(uint32_t severity);

}  // namespace quaywatch::analyze::syslog
