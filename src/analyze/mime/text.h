// SPDX-License-Identifier: Apache-2.0
//
// The words of MIME headers (RFC 2045, 5.1; RFC 822, 3.3): tokens, quoted strings, comments.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace quaywatch::analyze::mime {

inline bool IsBlank(char c) { return c == ' ' || c == '\t'; }

// ASCII only. REQUIRES: `lower` is in lower case.
bool EqualsIgnoringCase(std::string_view text, std::string_view lower);

// `text` without blanks and (comments) at its beginning.
std::string_view SkipBlanks(std::string_view text);

// The first token, wherever it begins: what can't begin one is skipped. Moves `text` behind it; leaves it
// and returns an empty view if there is none.
std::string_view TakeToken(std::string_view& text);

// A header's name and value: "Name: value". Nothing if there is no name or no colon.
struct NameAndValue {
  std::string_view name;
  std::string_view value;
};
std::optional<NameAndValue> SplitHeader(std::string_view line);

// A parameter's value: a token or a quoted string, which is unquoted. A boundary may be made of any
// characters but blanks and quotes. Moves `text` behind it; nothing if there is none.
std::optional<std::string> TakeValue(std::string_view& text, bool is_boundary);

// Is there a parameter of that name in a header's value: "name=", with blanks before the "=", and with
// `extended` also RFC 5987's "name*="? REQUIRES: `lower` is in lower case.
bool HasParameter(std::string_view value, std::string_view lower, bool extended);

// The file's name in the value of Content-Disposition or of Content-Type: what follows the last "name=",
// without quotes, charset and language (RFC 5987), percent-decoded.
std::string Filename(std::string_view value);

}  // namespace quaywatch::analyze::mime
