// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <ctime>
#include <utility>

#include "emit/escape.h"
#include "emit/line.h"

namespace quaywatch::emit {
namespace {

using model::ColumnType;
using model::Value;

// REQUIRES: no list.
void PutScalar(Text& out, const Value& value, ColumnType type, bool in_list) {
  switch (value.kind()) {
    case Value::Kind::kUnset:
      return out.Put('-');
    case Value::Kind::kBool:
      return out.Put(value.boolean() ? 'T' : 'F');
    case Value::Kind::kCount:
      return out.Commit(PutCount(out.Reserve(kMaxInteger), value.count()));
    case Value::Kind::kInt:
      return out.Commit(PutInteger(out.Reserve(kMaxInteger), value.integer()));
    case Value::Kind::kDouble:
      return out.Commit(PutDecimal(out.Reserve(kMaxDouble), value.real()));
    case Value::Kind::kTime:
    case Value::Kind::kInterval:
      return out.Commit(PutSeconds(out.Reserve(kMaxSeconds), value.integer()));
    case Value::Kind::kCalendarTime:
      out.Commit(PutInteger(out.Reserve(kMaxInteger), value.integer()));
      return out.Put(".000000");
    case Value::Kind::kAddress:
      return out.Commit(value.address().Format(out.Reserve(model::kMaxAddressText)));
    case Value::Kind::kText:
      if (type == ColumnType::kEnum && !value.text().empty()) return out.Put(value.text());
      return PutTsvText(out, value.text(), in_list);
    case Value::Kind::kList:
      return;
  }
}

void PutList(Text& out, const model::List& list, ColumnType type) {
  if (list.size == 0) return out.Put("(empty)");
  for (size_t i = 0; i < list.size; ++i) {
    if (i > 0) out.Put(',');
    PutScalar(out, list.at(list.items, i), type, true);
  }
}

void PutField(Text& out, const Value& value, const model::Column& column) {
  if (value.kind() == Value::Kind::kList) {
    PutList(out, value.list(), column.type);
  } else {
    PutScalar(out, value, column.type, false);
  }
}

std::string WallClock(base::Timestamp time) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::tm parts{};
  char text[64];
  gmtime_r(&seconds, &parts);
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d-%H-%M-%S", &parts)};
}

}  // namespace

void PutTsvLine(Text& out, const model::Schema& schema, const void* record, const model::Parties* parties) {
  const size_t begin = out.size();
  bool first = true;
  for (const model::Column& column : schema.columns()) {
    if (column.get == nullptr || (column.own && parties == nullptr)) continue;
    const Value value = column.get(record);
    if (std::exchange(first, false)) {
      if (value.kind() == Value::Kind::kTime) {
        out.Commit(PutSeconds(out.Reserve(kMaxSeconds), CutToMicros(value.integer())));
        continue;
      }
    } else {
      out.Put('\t');
    }
    PutField(out, value, column);
  }
  if (parties != nullptr && schema.has_ends()) {
    for (const model::Column& column : model::PartyColumns()) {
      out.Put('\t');
      PutField(out, column.get(parties), column);
    }
  }
  // A record must not look like a header.
  if (out.size() > begin && out.data()[begin] == '#') {
    const std::string line(out.view().substr(begin + 1));
    out.Cut(begin);
    out.Put("\\x23");
    out.Put(line);
  }
}

std::string TsvHeader(const model::Schema& schema, bool names, base::Timestamp opened) {
  std::string header = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t";
  header += schema.name();
  header += "\n#open\t" + WallClock(opened) + "\n#fields";
  std::string types = "\n#types";
  const auto add = [&](const model::Column& column) {
    header.append(1, '\t').append(column.name);
    types.append(1, '\t').append(model::TypeText(column));
  };
  for (const model::Column& column : schema.columns()) {
    if (column.get != nullptr && (names || !column.own)) add(column);
  }
  if (names && schema.has_ends()) std::ranges::for_each(model::PartyColumns(), add);
  return header + types + "\n";
}

std::string TsvFooter(base::Timestamp closed) { return "#close\t" + WallClock(closed) + "\n"; }

}  // namespace quaywatch::emit
