// SPDX-License-Identifier: Apache-2.0
#include "analyze/asn1_time.h"

#include <algorithm>
#include <chrono>

namespace quaywatch::analyze {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

Asn1Time Odd(std::string_view name) { return {base::CalendarTime(), name}; }

// Two digits; anything else counts by its distance from '0', which carries over like other nonsense.
int TwoDigits(const char* at) { return (at[0] - '0') * 10 + (at[1] - '0'); }

}  // namespace

Asn1Time ParseAsn1Time(Asn1TimeKind kind, std::string_view text) {
  int year = 0;
  if (kind == Asn1TimeKind::kUtc) {
    if (text.size() < 11 || text.size() > 17) return Odd("x509_utc_length");
    if (text.back() != 'Z') return Odd("x509_utc_format");
    year = (text[0] < '5' ? 2000 : 1900) + TwoDigits(text.data());
    text.remove_prefix(2);
  } else {
    if (text.size() < 12 || text.size() > 23) return Odd("x509_gen_time_length");
    year = TwoDigits(text.data()) * 100 + TwoDigits(text.data() + 2);
    text.remove_prefix(4);
  }
  const int month = TwoDigits(text.data()) - 1;
  const int day = TwoDigits(text.data() + 2);
  const int hour = TwoDigits(text.data() + 4);
  const int minute = TwoDigits(text.data() + 6);
  text.remove_prefix(8);

  int second = 0;
  if (!text.empty() && text[0] != 'Z' && text[0] != '-' && text[0] != '+') {
    if (text.size() < 2) return Odd("x509_time_add_char");
    second = TwoDigits(text.data());
    text.remove_prefix(2);
    if (!text.empty() && text[0] == '.') {
      text.remove_prefix(1);
      while (!text.empty() && text[0] >= '0' && text[0] <= '9') text.remove_prefix(1);
    }
  }

  // Zeek takes the zone's hours for minutes and its minutes for seconds, and adds what is to be subtracted.
  int zone = 0;
  if (!text.empty() && text[0] != 'Z') {
    if (text.size() < 5) return Odd("x509_time_offset_underflow");
    if (text[0] != '+' && text[0] != '-') return Odd("x509_time_offset_type");
    zone = TwoDigits(text.data() + 1) * 60 + TwoDigits(text.data() + 3);
    if (text[0] == '-') zone = -zone;
  }

  // Nonsense where digits belong must not leave the calendar.
  year = std::clamp(year, 0, 9999);
  const int carried_years = month >= 0 ? month / 12 : (month - 11) / 12;
  const std::chrono::year_month_day first(std::chrono::year(year + carried_years),
                                          std::chrono::month(static_cast<unsigned>(month - carried_years * 12 + 1)),
                                          std::chrono::day(1));
  const auto time = std::chrono::sys_days(first) + days(day - 1) + hours(hour) + minutes(minute) + seconds(second);
  return {time + seconds(zone), {}};
}

}  // namespace quaywatch::analyze
