// SPDX-License-Identifier: Apache-2.0
#include "analyze/mime/text.h"

#include <algorithm>

#include "analyze/percent.h"

namespace quaywatch::analyze::mime {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

bool IsPrintable(char c) { return c >= 33 && c <= 126; }

bool IsTokenChar(char c) {
  return IsPrintable(c) && std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
}

bool IsBoundaryChar(char c) { return IsPrintable(c) && c != '"'; }

// The length of the comment at the beginning, up to the end if it is never closed; 0 if there is none.
size_t CommentLength(std::string_view text) {
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '(') {
      ++depth;
    } else if (text[i] == ')') {
      --depth;
    } else if (text[i] == '\\') {
      ++i;
    }
    if (depth == 0) return i == 0 ? 0 : i + 1;
  }
  return text.size();
}

// The first run of characters for which `is_inside` holds; moves `text` behind it.
template <typename IsInside>
std::string_view TakeRun(std::string_view& text, IsInside is_inside) {
  std::string_view rest = text;
  while (!rest.empty() && !is_inside(rest[0])) {
    const std::string_view skipped = SkipBlanks(rest);
    rest = skipped.size() < rest.size() ? skipped : rest.substr(1);
  }
  const auto end = std::find_if_not(rest.begin(), rest.end(), is_inside);
  const std::string_view run(rest.begin(), end);
  if (!run.empty()) text = rest.substr(run.size());
  return run;
}

// `text` begins with a quote. Moves it behind the closing one.
std::optional<std::string> TakeQuoted(std::string_view& text) {
  std::string unquoted;
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return unquoted;
    }
    if (text[i] == '\\') ++i;
    if (i < text.size()) unquoted += text[i];
  }
  return std::nullopt;
}

size_t FindIgnoringCase(std::string_view text, std::string_view lower, size_t from) {
  const auto found = std::search(text.begin() + static_cast<ptrdiff_t>(from), text.end(), lower.begin(), lower.end(),
                                 [](char a, char b) { return Lower(a) == b; });
  return found == text.end() ? std::string_view::npos : static_cast<size_t>(found - text.begin());
}

// Where the value of the first parameter `lower` at or after `from` begins, npos if there is none.
size_t FindParameter(std::string_view value, std::string_view lower, bool extended, size_t from) {
  for (size_t at = from; (at = FindIgnoringCase(value, lower, at)) != std::string_view::npos; ++at) {
    size_t end = value.find_first_not_of(" \t", at + lower.size());
    if (extended && end < value.size() && value[end] == '*') ++end;
    if (end < value.size() && value[end] == '=') return end + 1;
  }
  return std::string_view::npos;
}

bool IsLanguageChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '+' && c <= '^') ||
         std::string_view("!#$%&_`{}~").find(c) != std::string_view::npos;
}

// RFC 5987: charset'language'value.
bool HasLanguage(std::string_view name) {
  const size_t first = name.find('\'');
  if (first == 0 || first == std::string_view::npos) return false;
  const size_t second = name.find('\'', first + 1);
  if (second == std::string_view::npos) return false;
  return std::all_of(name.begin(), name.begin() + static_cast<ptrdiff_t>(second),
                     [](char c) { return c == '\'' || IsLanguageChar(c); });
}

}  // namespace

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() &&
         std::equal(text.begin(), text.end(), lower.begin(), [](char a, char b) { return Lower(a) == b; });
}

std::string_view SkipBlanks(std::string_view text) {
  while (!text.empty()) {
    const size_t skip = IsBlank(text[0]) ? 1 : text[0] == '(' ? CommentLength(text) : 0;
    if (skip == 0) break;
    text.remove_prefix(skip);
  }
  return text;
}

std::string_view TakeToken(std::string_view& text) {
  std::string_view rest = SkipBlanks(text);
  const std::string_view token = TakeRun(rest, IsTokenChar);
  if (!token.empty()) text = rest;
  return token;
}

std::optional<NameAndValue> SplitHeader(std::string_view line) {
  std::string_view rest = SkipBlanks(line);
  const std::string_view name = TakeRun(rest, [](char c) { return IsPrintable(c) && c != ':'; });
  if (name.empty()) return std::nullopt;
  rest = SkipBlanks(rest);
  if (rest.empty() || rest[0] != ':') return std::nullopt;
  const size_t begin = rest.find_first_not_of(" \t\r\n\v\f", 1);
  return NameAndValue{name, begin == std::string_view::npos ? std::string_view() : rest.substr(begin)};
}

std::optional<std::string> TakeValue(std::string_view& text, bool is_boundary) {
  std::string_view rest = is_boundary ? text : SkipBlanks(text);
  if (!rest.empty() && rest[0] == '"') {
    auto quoted = TakeQuoted(rest);
    if (quoted) text = rest;
    return quoted;
  }
  const std::string_view run = is_boundary ? TakeRun(rest, IsBoundaryChar) : TakeToken(rest);
  if (run.empty()) return std::nullopt;
  text = rest;
  return std::string(run);
}

bool HasParameter(std::string_view value, std::string_view lower, bool extended) {
  return FindParameter(value, lower, extended, 0) != std::string_view::npos;
}

std::string Filename(std::string_view value) {
  size_t begin = 0;
  for (size_t at = 0; (at = FindParameter(value, "name", true, at)) != std::string_view::npos;) begin = at;
  value.remove_prefix(begin);
  if (begin > 0) value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  if (value.starts_with('"')) value = value.substr(1, value.find('"', 1) - 1);
  if (HasLanguage(value)) value.remove_prefix(value.rfind('\'') + 1);
  return Unescape(value, nullptr);
}

}  // namespace quaywatch::analyze::mime
