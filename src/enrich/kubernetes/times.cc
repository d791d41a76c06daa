// SPDX-License-Identifier: Apache-2.0
#include "enrich/kubernetes/times.h"

#include <charconv>

namespace quaywatch::enrich::kubernetes {
namespace {

// Takes exactly `digits` digits from the front.
bool Take(std::string_view& text, size_t digits, int& value) {
  if (text.size() < digits) return false;
  const char* const end = text.data() + digits;
  for (const char* p = text.data(); p != end; ++p) {
    if (*p < '0' || *p > '9') return false;
  }
  std::from_chars(text.data(), end, value);
  text.remove_prefix(digits);
  return true;
}

bool Take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<base::Timestamp> ParseTime(std::string_view text) {
  namespace chrono = std::chrono;
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (!Take(text, 4, year) || !Take(text, '-') || !Take(text, 2, month) || !Take(text, '-') || !Take(text, 2, day) ||
      !Take(text, 'T') || !Take(text, 2, hour) || !Take(text, ':') || !Take(text, 2, minute) || !Take(text, ':') ||
      !Take(text, 2, second)) {
    return {};
  }
  int64_t nanos = 0;
  if (Take(text, '.')) {
    int64_t unit = 1'000'000'000;
    int digit = 0;
    while (unit > 1 && Take(text, 1, digit)) nanos += digit * (unit /= 10);
  }
  const chrono::year_month_day date{chrono::year(year), chrono::month(static_cast<unsigned>(month)),
                                    chrono::day(static_cast<unsigned>(day))};
  // Years that nanoseconds since 1970 hold.
  if (text != "Z" || !date.ok() || year < 1970 || year > 2200 || hour > 23 || minute > 59 || second > 60) return {};
  return base::Timestamp(chrono::sys_days(date).time_since_epoch()) + chrono::hours(hour) + chrono::minutes(minute) +
         chrono::seconds(second) + base::Duration(nanos);
}

}  // namespace quaywatch::enrich::kubernetes
