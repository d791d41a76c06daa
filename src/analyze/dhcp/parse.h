// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "analyze/dhcp/types.h"
#include "base/bytes.h"

namespace quaywatch::analyze::dhcp {

// A whole datagram; nothing if it is no DHCP (BOOTP without the magic cookie, options without end).
std::optional<Message> Parse(base::Bytes datagram);

// Has it DHCP's fixed parts?
bool LooksLikeMessage(base::Bytes datagram);

// "DISCOVER"; "unknown-message-type-99".
std::string TypeName(uint8_t type);

}  // namespace quaywatch::analyze::dhcp
