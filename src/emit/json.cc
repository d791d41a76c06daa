// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <utility>

#include "emit/escape.h"
#include "emit/line.h"

namespace quaywatch::emit {
namespace {

using model::Value;

enum class Style : uint8_t { kZeek, kOwn };

// Six decimals at most, one at least: what a JSON writer makes of the double.
void PutTrimmedSeconds(Text& out, int64_t nanos) {
  char* const begin = out.Reserve(kMaxSeconds);
  char* end = PutSeconds(begin, nanos);
  while (end[-1] == '0' && end[-2] != '.') --end;
  out.Commit(end);
}

// RFC 3339 with nanoseconds; whole seconds where there is nothing finer.
template <typename Time>
void PutIsoTime(Text& out, Time time) {
  using namespace std::chrono;
  const sys_days day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  char* at = out.Reserve(40);
  *at++ = '"';
  at = PutPadded(at, static_cast<uint64_t>(static_cast<int>(date.year())), 4);
  *at++ = '-';
  at = PutPadded(at, static_cast<unsigned>(date.month()), 2);
  *at++ = '-';
  at = PutPadded(at, static_cast<unsigned>(date.day()), 2);
  *at++ = 'T';
  at = PutPadded(at, static_cast<uint64_t>(clock.hours().count()), 2);
  *at++ = ':';
  at = PutPadded(at, static_cast<uint64_t>(clock.minutes().count()), 2);
  *at++ = ':';
  at = PutPadded(at, static_cast<uint64_t>(clock.seconds().count()), 2);
  if constexpr (std::is_same_v<Time, base::Timestamp>) {
    *at++ = '.';
    at = PutPadded(at, static_cast<uint64_t>(clock.subseconds().count()), 9);
  }
  *at++ = 'Z';
  *at++ = '"';
  out.Commit(at);
}

void PutQuoted(Text& out, std::string_view text) {
  out.Put('"');
  PutJsonText(out, text);
  out.Put('"');
}

void PutValue(Text& out, const Value& value, Style style) {
  switch (value.kind()) {
    case Value::Kind::kUnset:
      return out.Put("null");
    case Value::Kind::kBool:
      return out.Put(value.boolean() ? "true" : "false");
    case Value::Kind::kCount:
      return out.Commit(PutCount(out.Reserve(kMaxInteger), value.count()));
    case Value::Kind::kInt:
      return out.Commit(PutInteger(out.Reserve(kMaxInteger), value.integer()));
    case Value::Kind::kDouble:
      if (!std::isfinite(value.real())) return out.Put("null");
      return out.Commit(PutShortest(out.Reserve(kMaxDouble), value.real()));
    case Value::Kind::kTime:
      if (style == Style::kOwn) return PutIsoTime(out, base::FromUnixNanos(value.integer()));
      return PutTrimmedSeconds(out, value.integer());
    case Value::Kind::kCalendarTime:
      if (style == Style::kOwn) return PutIsoTime(out, base::CalendarTime(std::chrono::seconds(value.integer())));
      out.Commit(PutInteger(out.Reserve(kMaxInteger), value.integer()));
      return out.Put(".0");
    case Value::Kind::kInterval:
      return PutTrimmedSeconds(out, value.integer());
    case Value::Kind::kText:
      return PutQuoted(out, value.text());
    case Value::Kind::kAddress: {
      char* at = out.Reserve(model::kMaxAddressText + 2);
      *at++ = '"';
      at = value.address().Format(at);
      *at++ = '"';
      return out.Commit(at);
    }
    case Value::Kind::kList:
      out.Put('[');
      for (size_t i = 0; i < value.list().size; ++i) {
        if (i > 0) out.Put(',');
        PutValue(out, value.list().at(value.list().items, i), style);
      }
      return out.Put(']');
  }
}

struct Object {
  Text& out;
  Style style;
  bool empty = true;
  bool first_column = true;

  void Put(const model::Column& column, const void* record) {
    const bool is_first = std::exchange(first_column, false);
    if (column.get == nullptr && style == Style::kZeek) return;
    const std::string derived = column.get == nullptr ? column.derive(record) : std::string();
    Value value = column.get != nullptr ? column.get(record) : derived.empty() ? Value() : Value(derived);
    if (value.kind() == Value::Kind::kUnset) return;
    if (is_first && style == Style::kZeek && value.kind() == Value::Kind::kTime) {
      value = Value(base::FromUnixNanos(CutToMicros(value.integer())));
    }
    if (!std::exchange(empty, false)) out.Put(',');
    out.Put('"');
    out.Put(column.name);
    out.Put("\":");
    PutValue(out, value, style);
  }

  void Put(const model::Schema& schema, const void* record, const model::Parties* parties) {
    for (const model::Column& column : schema.columns()) {
      if (column.own && style == Style::kZeek && parties == nullptr) continue;
      Put(column, record);
    }
    if (parties == nullptr || !schema.has_ends()) return;
    for (const model::Column& column : model::PartyColumns()) Put(column, parties);
  }
};

}  // namespace

void PutZeekJsonLine(Text& out, const model::Schema& schema, const void* record, const model::Parties* parties) {
  out.Put('{');
  Object{.out = out, .style = Style::kZeek}.Put(schema, record, parties);
  out.Put('}');
}

void PutJsonLine(Text& out, const model::Schema& schema, const void* record, const model::Parties* parties) {
  out.Put("{\"log\":\"");
  out.Put(schema.name());
  out.Put('"');
  Object{.out = out, .style = Style::kOwn, .empty = false}.Put(schema, record, parties);
  out.Put('}');
}

}  // namespace quaywatch::emit
