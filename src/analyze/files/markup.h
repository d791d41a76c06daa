// SPDX-License-Identifier: Apache-2.0
//
// HTML, XML and their vocabularies: what the first element behind white space, comments and an XML
// declaration says.
#pragma once

#include <string_view>

#include "analyze/files/magic.h"

namespace quaywatch::analyze::files {

// Places behind a prologue that are tried; a file with more comments than that is only looked at so far.
inline constexpr size_t kMaxMarkupPlaces = 64;

// The strongest match (its pattern is empty), or one with an empty mime_type. `head` may begin with UTF-8's
// byte order mark.
Magic DetectMarkup(std::string_view head);

}  // namespace quaywatch::analyze::files
