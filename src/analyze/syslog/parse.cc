// SPDX-License-Identifier: Apache-2.0
#include "analyze/syslog/parse.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>

namespace quaywatch::analyze::syslog {
namespace {

constexpr auto kFacilities =
    std::to_array<std::string_view>({"KERN",   "USER",   "MAIL",     "DAEMON", "AUTH",   "SYSLOG", "LPR",    "NEWS",
                                     "UUCP",   "CRON",   "AUTHPRIV", "FTP",    "NTP",    "AUDIT",  "ALERT",  "CLOCK",
                                     "LOCAL0", "LOCAL1", "LOCAL2",   "LOCAL3", "LOCAL4", "LOCAL5", "LOCAL6", "LOCAL7"});
constexpr auto kSeverities =
    std::to_array<std::string_view>({"EMERG", "ALERT", "CRIT", "ERR", "WARNING", "NOTICE", "INFO", "DEBUG"});

constexpr uint32_t kFacilityNumbers = 128;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::array<std::string, kFacilityNumbers> NameFacilities() {
  std::array<std::string, kFacilityNumbers> names;
  for (size_t i = 0; i < names.size(); ++i) {
    names[i] = i < kFacilities.size() ? std::string(kFacilities[i]) : "?-" + std::to_string(i);
  }
  return names;
}

// "Oct 21 06:55:08"
bool BeginsWithDate(std::string_view text) {
  constexpr std::string_view kShape = "Aaa 00 00:00:00";
  if (text.size() < kShape.size()) return false;
  for (size_t i = 0; i < kShape.size(); ++i) {
    const char c = text[i];
    const bool fits = kShape[i] == 'A'   ? c >= 'A' && c <= 'Z'
                      : kShape[i] == 'a' ? c >= 'a' && c <= 'z'
                      : kShape[i] == '0' ? IsDigit(c) || (i == 4 && c == ' ')
                                         : c == kShape[i];
    if (!fits) return false;
  }
  return true;
}

}  // namespace

std::optional<Message> Parse(base::Bytes datagram) {
  const std::string_view text = base::AsText(datagram);
  if (text.empty()) return std::nullopt;
  if (text[0] != '<') return Message{.text = text};
  constexpr uint64_t kLargest = std::numeric_limits<int64_t>::max();
  uint64_t priority = 0;
  size_t at = 1;
  for (; at < text.size() && IsDigit(text[at]); ++at) {
    const auto digit = static_cast<uint64_t>(text[at] - '0');
    priority = priority > (kLargest - digit) / 10 ? kLargest : priority * 10 + digit;
  }
  if (at == 1 || at == text.size() || text[at] != '>') return std::nullopt;
  return Message{static_cast<uint32_t>(priority >> 3) % kFacilityNumbers, static_cast<uint32_t>(priority & 7),
                 text.substr(at + 1)};
}

bool IsTypical(base::Bytes datagram) {
  constexpr size_t kLongestPriority = 5;
  const auto message = Parse(datagram);
  if (!message || message->facility >= kFacilities.size()) return false;
  if (datagram.size() - message->text.size() > kLongestPriority) return false;
  return BeginsWithDate(message->text) || message->text.starts_with("1 ");
}

std::string_view FacilityName(uint32_t facility) {
  static const std::array<std::string, kFacilityNumbers> names = NameFacilities();
  return facility < names.size() ? std::string_view(names[facility]) : "UNSPECIFIED";
}

std::string_view SeverityName(uint32_t severity) {
  return severity < kSeverities.size() ? kSeverities[severity] : "UNSPECIFIED";
}

}  // namespace quaywatch::analyze::syslog
