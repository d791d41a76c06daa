// SPDX-License-Identifier: Apache-2.0
#include "analyze/syslog/parse.h"

#include <array>

namespace quaywatch::analyze::syslog {
namespace {

constexpr auto kFacilities = std::to_array<std::string_view>(
    {"KERN", "USER", "MAIL", "DAEMON", "AUTH", "SYSLOG", "LPR", "NEWS", "UUCP", "CRON", "AUTHPRIV", "FTP",
     "NTP", "AUDIT", "ALERT", "CLOCK", "LOCAL0", "LOCAL1", "LOCAL2", "LOCAL3", "LOCAL4", "LOCAL5", "LOCAL6", "LOCAL7"});
constexpr auto kSeverities =
    std::to_array<std::string_view>({"EMERG", "ALERT", "CRIT", "ERR", "WARNING", "NOTICE", "INFO", "DEBUG"});

}  // namespace

std::optional<Message> Parse(base::Bytes datagram) {
  const std::string_view text = base::AsText(datagram);
  if (text.size() < 3 || text[0] != '<') return std::nullopt;
  uint32_t priority = 0;
  size_t at = 1;
  while (at < text.size() && at <= 4 && text[at] >= '0' && text[at] <= '9') {
    priority = priority * 10 + static_cast<uint32_t>(text[at++] - '0');
  }
  if (at == 1 || at == text.size() || text[at] != '>') return std::nullopt;
  return Message{priority / 8, priority % 8, text.substr(at + 1)};
}

std::string_view FacilityName(uint32_t facility) {
  return facility < kFacilities.size() ? kFacilities[facility] : "UNSPECIFIED";
}

std::string_view SeverityName(uint32_t severity) {
  return severity < kSeverities.size() ? kSeverities[severity] : "UNSPECIFIED";
}

}  // namespace quaywatch::analyze::syslog
