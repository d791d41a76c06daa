// SPDX-License-Identifier: Apache-2.0
//
// Percent-encoding (RFC 3986, 2.1) as it is found in the wild.
#pragma once

#include <string>
#include <string_view>

namespace quaywatch::analyze {

class Context;

// What `text` means; a broken escape is kept as it is, of several "%" in a row only the last counts, and
// %uXXXX is two bytes, or one if the first would be zero. `context`, if given, hears of all these.
std::string Unescape(std::string_view text, Context* context);

}  // namespace quaywatch::analyze
