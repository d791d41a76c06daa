// SPDX-License-Identifier: Apache-2.0
#include "analyze/pop3/parse.h"

#include <algorithm>
#include <array>

namespace quaywatch::analyze::pop3 {
namespace {

constexpr std::string_view kSpace = " \t\r\n\v\f";

// In the order of Word.
constexpr auto kWords =
    std::to_array<std::string_view>({"OK", "ERR", "USER", "PASS", "APOP", "AUTH", "STAT", "LIST", "RETR", "DELE",
                                     "RSET", "NOOP", "LAST", "QUIT", "TOP", "CAPA", "UIDL", "STLS", "XSENDER"});

constexpr char Upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool EqualsUpper(std::string_view text, std::string_view upper) {
  return std::ranges::equal(text, upper, [](char a, char b) { return Upper(a) == b; });
}

std::string_view SkipSpace(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  return text;
}

}  // namespace

Line ParseLine(std::string_view text) {
  text = SkipSpace(text);
  Line line;
  line.first = text.substr(0, text.find(' '));
  text.remove_prefix(line.first.size());
  line.rest = SkipSpace(text);
  line.rest = line.rest.substr(0, line.rest.find_last_not_of(' ') + 1);
  std::string_view name = line.first;
  if (!name.empty() && (name[0] == '+' || name[0] == '-')) name.remove_prefix(1);
  for (size_t i = 0; i < kWords.size(); ++i) {
    if (EqualsUpper(name, kWords[i])) line.word = static_cast<Word>(i);
  }
  return line;
}

bool HasCommand(std::string_view lines) {
  for (;;) {
    lines = SkipSpace(lines);
    const std::string_view word = lines.substr(0, 4);
    if (EqualsUpper(word, "CAPA") || EqualsUpper(word, "AUTH") || EqualsUpper(word, "STLS")) return true;
    const bool takes_name = EqualsUpper(word, "USER") || EqualsUpper(word, "APOP");
    if (takes_name && lines.size() > 4 && kSpace.find(lines[4]) != kSpace.npos) return true;
    const size_t end = lines.find_first_of("\r\n");
    if (end == lines.npos) return false;
    lines.remove_prefix(end);
  }
}

}  // namespace quaywatch::analyze::pop3
