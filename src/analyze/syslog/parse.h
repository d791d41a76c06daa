// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "analyze/syslog/types.h"
#include "base/bytes.h"

namespace quaywatch::analyze::syslog {

// A whole datagram; nothing if it does not begin with "<number>".
std::optional<Message> Parse(base::Bytes datagram);

// Zeek's words ("AUTHPRIV", "NOTICE"); "UNSPECIFIED" where the number has none.
std::string_view FacilityName(uint32_t facility);
std::string_view SeverityName(uint32_t severity);

}  // namespace quaywatch::analyze::syslog
