// SPDX-License-Identifier: Apache-2.0
#include "enrich/state_time.h"

#include <fmt/format.h>

#include <algorithm>

namespace quaywatch::enrich {
namespace {

constexpr size_t kFractionDigits = 9;

// Takes as many digits as asked for from the front. Nothing if there are fewer.
std::optional<int> TakeDigits(std::string_view& text, size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool Take(std::string_view& text, char wanted) {
  if (!text.starts_with(wanted)) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<std::chrono::sys_days> TakeDate(std::string_view& text) {
  const auto year = TakeDigits(text, 4);
  if (!year || !Take(text, '-')) return std::nullopt;
  const auto month = TakeDigits(text, 2);
  if (!month || !Take(text, '-')) return std::nullopt;
  const auto day = TakeDigits(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *year < 1970 || *year > 2261) return std::nullopt;
  return date;
}

std::optional<base::Duration> TakeTimeOfDay(std::string_view& text) {
  const auto hours = TakeDigits(text, 2);
  if (!hours || !Take(text, ':')) return std::nullopt;
  const auto minutes = TakeDigits(text, 2);
  if (!minutes || !Take(text, ':')) return std::nullopt;
  const auto seconds = TakeDigits(text, 2);
  if (!seconds || *hours > 23 || *minutes > 59 || *seconds > 59) return std::nullopt;
  return std::chrono::hours(*hours) + std::chrono::minutes(*minutes) + std::chrono::seconds(*seconds);
}

}  // namespace

std::string TimeText(base::Timestamp time) {
  time = std::max(time, base::Timestamp{});
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                 clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (clock.subseconds().count() != 0) text += fmt::format(".{:09}", clock.subseconds().count());
  return text + 'Z';
}

std::optional<base::Timestamp> ParseTimeText(std::string_view text) {
  const auto date = TakeDate(text);
  if (!date || !Take(text, 'T')) return std::nullopt;
  const auto clock = TakeTimeOfDay(text);
  if (!clock) return std::nullopt;
  int64_t fraction = 0;
  if (Take(text, '.')) {
    const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == 0 || digits > kFractionDigits) return std::nullopt;
    fraction = *TakeDigits(text, digits);
    for (size_t i = digits; i < kFractionDigits; ++i) fraction *= 10;
  }
  if (text != "Z") return std::nullopt;
  return base::Timestamp(*date) + *clock + base::Duration(fraction);
}

}  // namespace quaywatch::enrich
