// SPDX-License-Identifier: Apache-2.0
//
// Text that is told by its grammar rather than by fixed bytes: scripts, JSON, plain text.
#pragma once

#include <string_view>

#include "analyze/files/magic.h"

namespace quaywatch::analyze::files {

inline constexpr std::string_view kUtf8Mark = "\xef\xbb\xbf";

// How many spaces, tabs, carriage returns and line feeds `text` begins with.
size_t CountBlanks(std::string_view text);

// REQUIRES: `prefix` is lower case.
bool StartsWithNoCase(std::string_view text, std::string_view prefix);

// All of them: the strongest match (its pattern is empty), or one with an empty mime_type.
// The interpreter a script's first line names ("#!").
Magic DetectInterpreter(std::string_view head);
// JavaScript and batch files by common beginnings.
Magic DetectScript(std::string_view head);
// An object or array that begins as JSON does.
Magic DetectJson(std::string_view head);
// Portable bitmaps in ASCII headers (P1 to P6).
Magic DetectPortableImage(std::string_view head);
// Nothing but printable characters.
Magic DetectPlainText(std::string_view head);

}  // namespace quaywatch::analyze::files
