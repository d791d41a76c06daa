// SPDX-License-Identifier: Apache-2.0
//
// Lines of HTTP's head, taken apart as leniently as Zeek does.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "analyze/http/types.h"

namespace quaywatch::analyze::http {

enum class LineError : uint8_t {
  kBad,
  kBadWithVersion,  // no method, but an HTTP version at the end
};

// A line without version is a request of HTTP/0.9.
std::expected<RequestLine, LineError> ParseRequestLine(std::string_view line);

// Nothing if it does not begin with "HTTP/" and go on to a code.
std::optional<StatusLine> ParseStatusLine(std::string_view line);

// A number as strtol would read it: what follows the digits is ignored, an empty text is 0, too large a
// number wraps around. Nothing if the text begins with something else. REQUIRES: base is 10 or 16.
std::optional<int64_t> ParseNumber(std::string_view text, int base);

// What is wrong with a Content-Range: the weird that names it, and its details.
struct RangeError {
  std::string_view weird;
  std::string details;
};

// `value` is that of Content-Range.
std::expected<ContentRange, RangeError> ParseContentRange(std::string_view value);

// Which header it is, in letters of any case.
Field FieldOf(std::string_view name);

}  // namespace quaywatch::analyze::http
