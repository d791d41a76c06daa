// SPDX-License-Identifier: Apache-2.0
#include "emit/table.h"

#include <fmt/format.h>

#include <algorithm>

#include "emit/readable.h"

namespace quaywatch::emit {
namespace {

using model::Column;
using model::Value;

// A text that is longer is cut and ends with "…"; a list shows as many elements and says how many more.
constexpr size_t kMaxTextShown = 72;
constexpr size_t kMaxElementsShown = 6;

void PutReadable(Text& out, const Value& value, const Column& column) {
  switch (value.kind()) {
    case Value::Kind::kUnset:
      return out.Put('-');
    case Value::Kind::kBool:
      return out.Put(value.boolean() ? "yes" : "no");
    case Value::Kind::kCount:
      if (column.unit == "bytes") return out.Put(BytesText(value.count()));
      return out.Commit(PutCount(out.Reserve(kMaxInteger), value.count()));
    case Value::Kind::kInt:
      return out.Commit(PutInteger(out.Reserve(kMaxInteger), value.integer()));
    case Value::Kind::kDouble:
      return out.Commit(PutDecimal(out.Reserve(kMaxDouble), value.real()));
    case Value::Kind::kTime:
      return PutTime(out, std::chrono::floor<std::chrono::milliseconds>(base::FromUnixNanos(value.integer())));
    case Value::Kind::kCalendarTime:
      return PutTime(out, base::CalendarTime(std::chrono::seconds(value.integer())));
    case Value::Kind::kInterval:
      return out.Put(DurationText(value.integer()));
    case Value::Kind::kText:
      return PutCutText(out, value.text(), kMaxTextShown);
    case Value::Kind::kAddress:
      return out.Commit(value.address().Format(out.Reserve(model::kMaxAddressText)));
    case Value::Kind::kList: {
      const model::List& list = value.list();
      for (size_t i = 0; i < std::min(list.size, kMaxElementsShown); ++i) {
        if (i > 0) out.Put(',');
        PutReadable(out, list.at(list.items, i), column);
      }
      if (list.size > kMaxElementsShown) out.Put(fmt::format(" and {} more", list.size - kMaxElementsShown));
      return;
    }
  }
}

// Whether the value tells a person something.
bool IsWorthShowing(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kUnset:
      return false;
    case Value::Kind::kBool:
      return value.boolean();
    case Value::Kind::kCount:
      return value.count() != 0;
    case Value::Kind::kText:
      return !value.text().empty();
    case Value::Kind::kList:
      return value.list().size > 0;
    default:
      return true;
  }
}

}  // namespace

TableLayout::TableLayout(const model::Schema& schema, bool color)
    : schema_(schema),
      color_(color),
      ts_(Find(schema, "ts")),
      orig_h_(Find(schema, "id.orig_h")),
      orig_p_(Find(schema, "id.orig_p")),
      resp_h_(Find(schema, "id.resp_h")),
      resp_p_(Find(schema, "id.resp_p")),
      proto_(Find(schema, "proto")),
      service_(Find(schema, "service")),
      duration_(Find(schema, "duration")),
      orig_bytes_(Find(schema, "orig_bytes")),
      resp_bytes_(Find(schema, "resp_bytes")),
      state_(Find(schema, "conn_state")) {
  for (const Column& column : schema.columns()) {
    const bool identifier = column.name.find("uid") != std::string_view::npos || column.name == "peer";
    const bool elsewhere = &column == ts_ || column.name.starts_with("id.");
    // A number whose name is there as well (qtype, qtype_name).
    const bool named = Find(schema, std::string(column.name) + "_name") != nullptr;
    if (!identifier && !elsewhere && !named && column.get != nullptr) named_.push_back(&column);
  }
}

std::string TableLayout::Header(bool color) {
  const TableWidths widths;
  const std::string text = fmt::format("{:<23}  {:<{}}  {:>{}}   {:<{}}  {}", "TIME (UTC)", "LOG", widths.log,
                                       "ORIGINATOR", widths.originator, "RESPONDER", widths.responder, "DETAILS");
  return color ? fmt::format("{}{}{}\n", kBold, text, kPlain) : text + "\n";
}

void TableLayout::PutLine(Text& out, const void* record, const model::Parties& parties, TableWidths& widths) const {
  const Value ts = Get(ts_, record);
  if (color_) out.Put(kDim);
  if (ts.kind() == Value::Kind::kTime) {
    PutTime(out, std::chrono::floor<std::chrono::milliseconds>(base::FromUnixNanos(ts.integer())));
  } else {
    Pad(out, 0, 23);
  }
  if (color_) out.Put(kPlain);
  out.Put("  ");
  PutStyled(out, schema_.name(), kLogColor, color_);
  widths.log = std::max(widths.log, schema_.name().size());
  Pad(out, schema_.name().size(), widths.log);
  out.Put("  ");
  PutEndpoints(out, record, parties, widths);
  state_ ? PutConversation(out, record) : PutNamed(out, record);
}

void TableLayout::PutEndpoints(Text& out, const void* record, const model::Parties& parties,
                               TableWidths& widths) const {
  const bool icmp = IsIcmp(record);
  const std::string from = Endpoint(parties.orig.get(), Get(orig_h_, record), icmp ? Value() : Get(orig_p_, record));
  const std::string to = Endpoint(parties.resp.get(), Get(resp_h_, record), icmp ? Value() : Get(resp_p_, record));
  widths.originator = std::max(widths.originator, from.size());
  widths.responder = std::max(widths.responder, to.size());
  Pad(out, from.size(), widths.originator);
  out.Put(from);
  out.Put(from.empty() && to.empty() ? "   " : " → ");
  out.Put(to);
  Pad(out, to.size(), widths.responder);
}

// The ports of ICMP are its type and code.
bool TableLayout::IsIcmp(const void* record) const {
  const Value proto = Get(proto_, record);
  return proto.kind() == Value::Kind::kText && proto.text() == "icmp";
}

void TableLayout::PutConversation(Text& out, const void* record) const {
  for (const Column* column : {proto_, service_, duration_}) {
    const Value value = Get(column, record);
    if (!IsWorthShowing(value)) continue;
    out.Put("  ");
    PutReadable(out, value, *column);
  }
  if (IsIcmp(record)) {
    out.Put(fmt::format("  type {} code {}", Get(orig_p_, record).count(), Get(resp_p_, record).count()));
  }
  const Value sent = Get(orig_bytes_, record);
  const Value received = Get(resp_bytes_, record);
  if (sent.kind() == Value::Kind::kCount && received.kind() == Value::Kind::kCount) {
    out.Put(fmt::format("  {} sent, {} received", BytesText(sent.count()), BytesText(received.count())));
  }
  const Value state = Get(state_, record);
  if (state.kind() != Value::Kind::kText) return;
  out.Put("  ");
  out.Put(state.text());
  if (const auto words = StateWords(state.text()); !words.empty()) out.Put(fmt::format(" ({})", words));
}

void TableLayout::PutNamed(Text& out, const void* record) const {
  for (const Column* column : named_) {
    const Value value = column->get(record);
    if (!IsWorthShowing(value)) continue;
    const bool flag = value.kind() == Value::Kind::kBool;
    out.Put("  ");
    PutStyled(out, std::string(column->name) + (flag ? "" : "="), kDim, color_);
    if (flag) continue;
    PutReadable(out, value, *column);
  }
}

}  // namespace quaywatch::emit
