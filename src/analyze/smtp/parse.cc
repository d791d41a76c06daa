// SPDX-License-Identifier: Apache-2.0
#include "analyze/smtp/parse.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace quaywatch::analyze::smtp {
namespace {

constexpr auto kCommands = std::to_array<std::pair<std::string_view, Command>>({
    {"EHLO", Command::kEhlo}, {"HELO", Command::kHelo},
    {"MAIL", Command::kMail}, {"RCPT", Command::kRcpt},
    {"DATA", Command::kData}, {"QUIT", Command::kQuit},
    {"RSET", Command::kRset}, {"VRFY", Command::kVrfy},
    {"EXPN", Command::kExpn}, {"HELP", Command::kHelp},
    {"NOOP", Command::kNoop}, {"TURN", Command::kTurn},
    {"SEND", Command::kSend}, {"SOML", Command::kSoml},
    {"SAML", Command::kSaml}, {"STARTTLS", Command::kStartTls},
    {"BDAT", Command::kBdat}, {"ETRN", Command::kEtrn},
    {"AUTH", Command::kAuth}, {"X-ANONYMOUSTLS", Command::kStartTls},
});

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool IsHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
char Upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c; }

bool IsOneOf(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

size_t SkipSpace(std::string_view text, size_t at = 0) {
  while (at < text.size() && IsSpace(text[at])) ++at;
  return at;
}

// How long the number of a dotted address at the beginning is: one or two digits, or three up to 255.
size_t OctetLength(std::string_view text) {
  size_t digits = 0;
  while (digits < 3 && digits < text.size() && IsDigit(text[digits])) ++digits;
  if (digits == 3 && text.substr(0, 3) > "255") return 2;
  return digits;
}

// How long the IPv4 address at the beginning is; 0 if there is none.
size_t V4Length(std::string_view text) {
  size_t at = 0;
  for (int octet = 0; octet < 4; ++octet) {
    if (octet > 0 && (at == text.size() || text[at++] != '.')) return 0;
    const size_t length = OctetLength(text.substr(at));
    if (length == 0) return 0;
    at += length;
  }
  return at;
}

size_t HextetLength(std::string_view text) {
  size_t digits = 0;
  while (digits < 4 && digits < text.size() && IsHex(text[digits])) ++digits;
  return digits;
}

// How long the IPv6 address at the beginning is; 0 if there is none.
size_t V6Length(std::string_view text) {
  size_t at = 0;
  size_t best = 0;
  int hextets = 0;
  bool compressed = false;
  if (text.starts_with("::")) {
    compressed = true;
    best = at = 2;
  }
  while (hextets < (compressed ? 7 : 8)) {
    const size_t v4 = V4Length(text.substr(at));
    if (v4 > 0 && (compressed ? hextets <= 5 : hextets == 6)) best = std::max(best, at + v4);
    const size_t length = HextetLength(text.substr(at));
    if (length == 0) break;
    at += length;
    ++hextets;
    if (compressed || hextets == 8) best = std::max(best, at);
    const std::string_view rest = text.substr(at);
    if (!compressed && rest.starts_with("::") && hextets <= 7) {
      compressed = true;
      at += 2;
      best = std::max(best, at);
    } else if (rest.starts_with(':')) {
      ++at;
    } else {
      break;
    }
  }
  return best;
}

// An address found by the above. Unlike most parsers' IPv4, octets may begin with zeros; they are decimal.
std::optional<model::IpAddress> ToAddress(std::string_view text) {
  if (V4Length(text) != text.size()) return model::IpAddress::Parse(text);
  std::array<uint8_t, 4> octets{};
  size_t at = 0;
  for (const char c : text) {
    if (c == '.') {
      ++at;
    } else {
      octets[at] = static_cast<uint8_t>(octets[at] * 10 + (c - '0'));
    }
  }
  return model::IpAddress::V4(octets.data());
}

bool IsWrapped(std::string_view before, std::string_view after) {
  if (before.empty() || after.empty()) return before.empty() && after.empty();
  switch (before.back()) {
    case '[':
      return after[0] == ']';
    case '(':
      return after[0] == ')';
    case '{':
      return after[0] == '}';
    case ' ':
      return after[0] == ' ';
    default:
      return false;
  }
}

}  // namespace

std::string_view TakeWord(std::string_view& line) {
  size_t end = 0;
  while (end < line.size() && !IsSpace(line[end])) ++end;
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(SkipSpace(line, end));
  return word;
}

std::string_view Strip(std::string_view text) {
  text.remove_prefix(SkipSpace(text));
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

Command ParseCommand(std::string_view word) {
  for (const auto& [name, command] : kCommands) {
    if (word.size() == name.size() && std::ranges::equal(word, name, [](char a, char b) { return Upper(a) == b; })) {
      return command;
    }
  }
  return Command::kUnknown;
}

std::optional<Reply> ParseReply(std::string_view line) {
  if (line.size() < 3 || !std::all_of(line.begin(), line.begin() + 3, IsDigit)) return std::nullopt;
  const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  if (code < 100 || code > 599) return std::nullopt;
  const bool continues = line.size() > 3 && line[3] == '-';
  line.remove_prefix(continues ? 4 : 3);
  return Reply{static_cast<uint16_t>(code), line.substr(SkipSpace(line)), continues};
}

BdatArgument ParseBdat(std::string_view argument) {
  // The longest number and " LAST", with some room for spaces.
  constexpr size_t kMaxArgument = 32;
  BdatArgument parsed;
  if (argument.empty() || argument.size() > kMaxArgument) {
    parsed.error = "BDAT argument bad length";
    return parsed;
  }
  const auto [end, error] = std::from_chars(argument.data(), argument.data() + argument.size(), parsed.size);
  if (error != std::errc()) {
    parsed.error = "BDAT not followed by a valid chunk-size";
    return parsed;
  }
  const std::string_view rest = argument.substr(static_cast<size_t>(end - argument.data()));
  const std::string_view word = Strip(rest);
  parsed.last = rest.size() > word.size() && word.size() == 4 &&
                std::ranges::equal(word, std::string_view("LAST"), [](char a, char b) { return Upper(a) == b; });
  if (!word.empty() && !parsed.last) parsed.error = "BDAT chunk-size followed by junk";
  return parsed;
}

std::vector<std::string> MailAddresses(std::string_view text) {
  std::vector<std::string> found;
  size_t begin = 0;  // of what may be a local part
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '@') {
      if (IsOneOf(text[at], "<,: \t")) begin = at + 1;
      continue;
    }
    size_t end = at + 1;
    while (end < text.size() && !IsOneOf(text[end], ">,; \t")) ++end;
    if (begin < at && end > at + 1) {
      std::string address;
      for (const char c : text.substr(begin, end - begin)) {
        if (!IsOneOf(c, "<>,:; \t")) address += c;
      }
      found.push_back(std::move(address));
      at = end;
    }
    begin = at + 1;
  }
  return found;
}

std::vector<std::string_view> SplitAddresses(std::string_view value) {
  std::vector<std::string_view> parts;
  size_t at = 0;
  while (at < value.size()) {
    if (value[at] == ',') {
      ++at;
      continue;
    }
    size_t search = at;
    if (value[at] == '"') {
      const size_t quote = value.find('"', at + 1);
      if (quote != std::string_view::npos && quote + 1 < value.size() && value[quote + 1] != ',') search = quote + 1;
    }
    const size_t end = std::min(value.find(',', search), value.size());
    parts.push_back(Strip(value.substr(at, end - at)));
    at = end;
  }
  return parts;
}

std::vector<model::IpAddress> IpAddresses(std::string_view text, bool wrapped) {
  struct Place {
    size_t begin;
    size_t end;
  };
  text = text.substr(0, kMaxSearched);
  std::vector<Place> places;
  for (size_t at = 0; at < text.size();) {
    const bool possible = IsHex(text[at]) || text[at] == ':';
    const size_t length = possible ? std::max(V4Length(text.substr(at)), V6Length(text.substr(at))) : 0;
    if (length > 0) places.push_back({at, at + length});
    at += std::max<size_t>(length, 1);
  }
  std::vector<model::IpAddress> found;
  for (size_t i = 0; i < places.size(); ++i) {
    const auto [begin, end] = places[i];
    const auto address = ToAddress(text.substr(begin, end - begin));
    if (!address) continue;
    const size_t before = i > 0 ? places[i - 1].end : 0;
    const size_t after = i + 1 < places.size() ? places[i + 1].begin : text.size();
    if (wrapped && !IsWrapped(text.substr(before, begin - before), text.substr(end, after - end))) continue;
    found.push_back(*address);
  }
  return found;
}

}  // namespace quaywatch::analyze::smtp
