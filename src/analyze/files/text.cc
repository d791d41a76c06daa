// SPDX-License-Identifier: Apache-2.0
#include "analyze/files/text.h"

#include <algorithm>

namespace quaywatch::analyze::files {
namespace {

constexpr std::string_view kJavaScript = "application/javascript";
constexpr std::string_view kJson = "text/json";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

void SkipBlanks(std::string_view* text) { text->remove_prefix(CountBlanks(*text)); }

template <typename Predicate>
size_t CountWhile(std::string_view text, Predicate is) {
  return static_cast<size_t>(std::find_if_not(text.begin(), text.end(), is) - text.begin());
}

bool Take(std::string_view* text, std::string_view prefix) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

bool TakeNoCase(std::string_view* text, std::string_view prefix) {
  if (!StartsWithNoCase(*text, prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

// A quoted text of at least one character.
bool TakeQuoted(std::string_view* text) {
  if (text->empty() || text->front() != '"') return false;
  const size_t end = text->find('"', 1);
  if (end == std::string_view::npos || end == 1) return false;
  text->remove_prefix(end + 1);
  return true;
}

bool TakeNumber(std::string_view* text) {
  const size_t digits = CountWhile(*text, IsDigit);
  if (digits == 0) return false;
  text->remove_prefix(digits);
  if (text->size() > 1 && text->front() == '.' && IsDigit((*text)[1])) {
    text->remove_prefix(1);
    text->remove_prefix(CountWhile(*text, IsDigit));
  }
  return true;
}

// Behind "{": a name, a colon, and what a value may begin with.
bool IsJsonObject(std::string_view text) {
  SkipBlanks(&text);
  if (!TakeQuoted(&text)) {
    if (text.empty() || !IsAlpha(text.front())) return false;
    text.remove_prefix(CountWhile(text, [](char c) { return IsAlpha(c) || IsDigit(c) || c == '\\' || c == '_'; }));
  }
  SkipBlanks(&text);
  if (!Take(&text, ":")) return false;
  SkipBlanks(&text);
  if (text.starts_with("true") || text.starts_with("false")) return true;
  return !text.empty() && (text[0] == '"' || text[0] == '[' || text[0] == '{' || IsDigit(text[0]));
}

// Behind "[": another container, or a value and a comma.
bool IsJsonArray(std::string_view text) {
  SkipBlanks(&text);
  if (text.starts_with('{') || text.starts_with('[')) return true;
  if (!TakeQuoted(&text) && !TakeNumber(&text) && !Take(&text, "true") && !Take(&text, "false")) return false;
  SkipBlanks(&text);
  return text.starts_with(',');
}

// <script type=text/javascript, also with language= and quotes.
bool IsScriptElement(std::string_view text) {
  if (!TakeNoCase(&text, "<script")) return false;
  const size_t blanks = CountWhile(text, [](char c) { return c == ' ' || c == '\t'; });
  if (blanks == 0) return false;
  text.remove_prefix(blanks);
  if (!TakeNoCase(&text, "type=") && !TakeNoCase(&text, "language=")) return false;
  if (!text.empty() && (text[0] == '"' || text[0] == '\'')) text.remove_prefix(1);
  TakeNoCase(&text, "text/");
  return StartsWithNoCase(text, "javascript");
}

bool IsJavaScript(std::string_view text) {
  std::string_view rest = text;
  if (Take(&rest, "(function()")) {
    rest.remove_prefix(CountWhile(rest, [](char c) { return c == ' ' || c == '\t' || c == '\n'; }));
    if (rest.starts_with('{')) return true;
  }
  SkipBlanks(&text);
  if (text.starts_with("for (;;);") || IsScriptElement(text)) return true;
  rest = text;
  if (Take(&rest, "document.write")) {
    Take(&rest, "ln");
    if (rest.starts_with('(') || (rest.size() > 1 && rest[1] == '(' && std::string_view(":blank").contains(rest[0]))) {
      return true;
    }
  }
  if (!Take(&text, "<script>")) return false;
  SkipBlanks(&text);
  return text.starts_with("var ") || text.starts_with("function ");
}

// "@ echo off", with any number of spaces where it has some.
bool IsEchoOff(std::string_view text) {
  if (!Take(&text, "@")) return false;
  const auto skip_spaces = [&text] {
    const size_t spaces = CountWhile(text, [](char c) { return c == ' '; });
    text.remove_prefix(spaces);
    return spaces > 0;
  };
  skip_spaces();
  return TakeNoCase(&text, "echo") && skip_spaces() && StartsWithNoCase(text, "off");
}

// The size of a portable bitmap: a number, two spaces, a number.
bool HasImageSize(std::string_view text) {
  const size_t digits = CountWhile(text.substr(0, 51), IsDigit);
  if (digits == 0 || digits > 50) return false;
  text.remove_prefix(digits);
  return Take(&text, "  ") && !text.empty() && IsDigit(text[0]);
}

struct Interpreter {
  std::string_view name;
  Magic magic;
};

constexpr Interpreter kInterpreters[] = {
    {"sh", {250, "text/x-shellscript", {}}},   {"bash", {250, "text/x-shellscript", {}}},
    {"tcsh", {250, "text/x-shellscript", {}}}, {"csh", {250, "text/x-shellscript", {}}},
    {"zsh", {250, "text/x-shellscript", {}}},  {"fash", {250, "text/x-shellscript", {}}},
    {"aesh", {250, "text/x-shellscript", {}}}, {"ksh", {250, "text/x-shellscript", {}}},
    {"perl", {60, "text/x-perl", {}}},         {"ruby", {60, "text/x-ruby", {}}},
    {"python", {60, "text/x-python", {}}},     {"awk", {60, "text/x-awk", {}}},
    {"gawk", {60, "text/x-awk", {}}},          {"nawk", {60, "text/x-awk", {}}},
    {"wish", {60, "text/x-tcl", {}}},          {"tcl", {60, "text/x-tcl", {}}},
    {"lua", {49, "text/x-lua", {}}},           {"node", {60, kJavaScript, {}}},
    {"php", {60, "text/x-php", {}}},
};

}  // namespace

size_t CountBlanks(std::string_view text) { return std::min(text.find_first_not_of(" \t\r\n"), text.size()); }

bool StartsWithNoCase(std::string_view text, std::string_view prefix) {
  if (text.size() < prefix.size()) return false;
  for (size_t i = 0; i < prefix.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? c + 0x20 : c) != prefix[i]) return false;
  }
  return true;
}

Magic DetectInterpreter(std::string_view head) {
  if (!Take(&head, "#!")) return {};
  Magic best{};
  // "bin/" comes behind 1 to 15 bytes of the first line.
  const size_t line = std::min(head.find('\n'), head.size());
  for (size_t at = head.find("bin/", 1); at <= 15 && at <= line; at = head.find("bin/", at + 1)) {
    const std::string_view path = head.substr(at + 4);
    std::string_view env = path;
    if (Take(&env, "env")) env.remove_prefix(CountWhile(env, IsSpace));
    for (const Interpreter& interpreter : kInterpreters) {
      const bool named =
          path.starts_with(interpreter.name) || (env.size() + 3 < path.size() && env.starts_with(interpreter.name));
      if (named && interpreter.magic.strength > best.strength) best = interpreter.magic;
    }
  }
  return best;
}

Magic DetectScript(std::string_view head) {
  if (IsEchoOff(head)) return {110, "text/x-msdos-batch", {}};
  if (IsJavaScript(head)) return {60, kJavaScript, {}};
  return {};
}

Magic DetectJson(std::string_view head) {
  if (head.starts_with(kUtf8Mark)) head.remove_prefix(kUtf8Mark.size());
  SkipBlanks(&head);
  if (head.starts_with('{') && IsJsonObject(head.substr(1))) return {1, kJson, {}};
  if (head.starts_with('[') && IsJsonArray(head.substr(1))) return {1, kJson, {}};
  return {};
}

Magic DetectPortableImage(std::string_view head) {
  if (head.size() < 3) return {};
  if (head.size() > 3 && head[0] == 'P' && HasImageSize(head.substr(3))) {
    if (head[1] == '4') return {42, "image/x-portable-bitmap", {}};
    if (head[1] == '5') return {42, "image/x-portable-greymap", {}};
    if (head[1] == '6') return {42, "image/x-portable-pixmap", {}};
  }
  for (size_t at = head.find('P'); at < head.size() - 2; at = head.find('P', at + 1)) {
    const char kind = head[at + 1];
    if (kind < '1' || kind > '3' || !HasImageSize(head.substr(at + 2))) continue;
    if (kind == '1') return {42, "image/x-portable-bitmap", {}};
    return {42, kind == '2' ? "image/x-portable-greymap" : "image/x-portable-pixmap", {}};
  }
  return {};
}

Magic DetectPlainText(std::string_view head) {
  using namespace std::string_view_literals;
  constexpr size_t kEnough = 10;
  for (const std::string_view mark :
       {"\xef\xbb\xbf"sv, "\0\0\xfe\xff"sv, "\xfe\xff"sv, "\xff\xfe\0\0"sv, "\xff\xfe"sv}) {
    if (Take(&head, mark)) break;
  }
  if (head.size() < kEnough) return {};
  const bool printable =
      std::all_of(head.begin(), head.begin() + kEnough, [](char c) { return IsSpace(c) || (c >= ' ' && c <= '~'); });
  return printable ? Magic{-20, "text/plain", {}} : Magic{};
}

}  // namespace quaywatch::analyze::files
