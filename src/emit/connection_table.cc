// SPDX-License-Identifier: Apache-2.0
#include "emit/connection_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "emit/readable.h"

namespace quaywatch::emit {
namespace {

using model::Value;

constexpr size_t kProtocolWidth = 9;
constexpr size_t kBytesWidth = 8;
constexpr size_t kStateWidth = 18;
constexpr size_t kMaxAskedShown = 64;

std::string ClockText(const Value& ts) {
  if (ts.kind() != Value::Kind::kTime) return {};
  using namespace std::chrono;
  const auto time = floor<milliseconds>(base::FromUnixNanos(ts.integer()));
  const hh_mm_ss clock(time - floor<days>(time));
  return fmt::format("{:02}:{:02}:{:02}.{:03}", clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::string BytesOf(const Value& value) {
  return fmt::format("{:>{}}", value.kind() == Value::Kind::kCount ? BytesText(value.count()) : "", kBytesWidth);
}

}  // namespace

ConnectionTable::Columns::Columns(const model::Schema& schema)
    : ts(Find(schema, "ts")),
      uid(Find(schema, "uid")),
      orig_h(Find(schema, "id.orig_h")),
      orig_p(Find(schema, "id.orig_p")),
      resp_h(Find(schema, "id.resp_h")),
      resp_p(Find(schema, "id.resp_p")),
      proto(Find(schema, "proto")),
      service(Find(schema, "service")),
      orig_bytes(Find(schema, "orig_bytes")),
      resp_bytes(Find(schema, "resp_bytes")),
      state(Find(schema, "conn_state")),
      is_connection(state != nullptr && !schema.name().ends_with("_interim")) {}

std::string ConnectionTable::Header(bool color) {
  const std::string text = fmt::format("{:<12}  {:>21}   {:<21}  {:<{}}  {:>{}}  {:>{}}  {:<{}}  {}", "TIME (UTC)",
                                       "ORIGINATOR", "RESPONDER", "PROTOCOL", kProtocolWidth, "SENT", kBytesWidth,
                                       "RECEIVED", kBytesWidth, "STATE", kStateWidth, "ASKED");
  return color ? fmt::format("{}{}{}\n", kBold, text, kPlain) : text + "\n";
}

bool ConnectionTable::PutLine(Text& out, const model::Schema& schema, const void* record,
                              const model::Parties& parties) {
  const Columns& columns = columns_.try_emplace(&schema, schema).first->second;
  if (!columns.is_connection) {
    asked_.Note(schema, record);
    return false;
  }
  PutStyled(out, ClockText(Get(columns.ts, record)), kDim, color_);
  out.Put("  ");
  PutEnds(out, columns, record, parties);

  const Value service = Get(columns.service, record);
  const Value proto = Get(columns.proto, record);
  const std::string_view protocol = service.kind() == Value::Kind::kText ? service.text()
                                    : proto.kind() == Value::Kind::kText ? proto.text()
                                                                         : std::string_view();
  out.Put("  ");
  PutStyled(out, protocol, kLogColor, color_);
  Pad(out, protocol.size(), kProtocolWidth);
  out.Put("  ");
  out.Put(BytesOf(Get(columns.orig_bytes, record)));
  out.Put("  ");
  out.Put(BytesOf(Get(columns.resp_bytes, record)));

  const Value state = Get(columns.state, record);
  const std::string_view code = state.kind() == Value::Kind::kText ? state.text() : std::string_view();
  const std::string_view words = StateWords(code);
  out.Put("  ");
  out.Put(words.empty() ? code : words);
  const Value uid = Get(columns.uid, record);
  const std::string asked = uid.kind() == Value::Kind::kText ? asked_.Take(uid.text()) : std::string();
  if (asked.empty()) return true;
  Pad(out, (words.empty() ? code : words).size(), kStateWidth);
  out.Put("  ");
  PutCutText(out, asked, kMaxAskedShown);
  return true;
}

void ConnectionTable::PutEnds(Text& out, const Columns& columns, const void* record, const model::Parties& parties) {
  const Value proto = Get(columns.proto, record);
  // The ports of ICMP are its type and code.
  const bool icmp = proto.kind() == Value::Kind::kText && proto.text() == "icmp";
  const std::string from =
      Endpoint(parties.orig.get(), Get(columns.orig_h, record), icmp ? Value() : Get(columns.orig_p, record));
  const std::string to =
      Endpoint(parties.resp.get(), Get(columns.resp_h, record), icmp ? Value() : Get(columns.resp_p, record));
  originator_width_ = std::max(originator_width_, from.size());
  responder_width_ = std::max(responder_width_, to.size());
  Pad(out, from.size(), originator_width_);
  out.Put(from);
  out.Put(" → ");
  out.Put(to);
  Pad(out, to.size(), responder_width_);
}

}  // namespace quaywatch::emit
