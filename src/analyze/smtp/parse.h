// SPDX-License-Identifier: Apache-2.0
//
// Lines of SMTP (RFC 5321, 4.1 and 4.2) and the addresses in them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analyze/smtp/types.h"
#include "model/address.h"

namespace quaywatch::analyze::smtp {

// Up to the first white space. Moves `line` behind it and the white space that follows.
std::string_view TakeWord(std::string_view& line);

// White space at both ends removed.
std::string_view Strip(std::string_view text);

// The command of that name, whatever its case.
Command ParseCommand(std::string_view word);

// Nothing unless the line begins with a code from 100 to 599.
std::optional<Reply> ParseReply(std::string_view line);

BdatArgument ParseBdat(std::string_view argument);

// All "local@domain" in a command's argument or a header, in order, without what encloses them.
std::vector<std::string> MailAddresses(std::string_view text);

// The parts of an address header, divided by commas; a comma in a quoted name at a part's beginning does not
// divide. White space around them is removed.
std::vector<std::string_view> SplitAddresses(std::string_view value);

// IP addresses are looked for in so much of a header.
inline constexpr size_t kMaxSearched = 4096;

// All IP addresses in a text, in order; with `wrapped` only those in matching brackets or between spaces.
std::vector<model::IpAddress> IpAddresses(std::string_view text, bool wrapped);

}  // namespace quaywatch::analyze::smtp
