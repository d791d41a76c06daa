// SPDX-License-Identifier: Apache-2.0
//
// Text from the network made safe for one line of a log. UTF-8 stays as it is; bytes that are no UTF-8
// become "\xNN".
#pragma once

#include <string_view>

#include "emit/text.h"

namespace quaywatch::emit {

// As Zeek's ASCII writer: control characters as "\xNN", the backslash doubled, and what would be
// mistaken for an unset or empty column ("-", "(empty)") with its first character as "\xNN". Text between
// tabs and backslashes stands or falls together: one bad byte, and all of it is escaped but plain ASCII.
// `in_list` escapes commas too. An empty text becomes "(empty)".
void PutTsvText(Text& out, std::string_view text, bool in_list);

// The inside of a JSON string (RFC 8259). A byte that is no UTF-8 becomes the four characters \xNN, as in
// Zeek's JSON.
void PutJsonText(Text& out, std::string_view text);

// For a terminal: like TSV, but spaces and words that mean something to TSV stay.
void PutTerminalText(Text& out, std::string_view text);

}  // namespace quaywatch::emit
