// SPDX-License-Identifier: Apache-2.0
#include "emit/readable.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "emit/escape.h"

namespace quaywatch::emit {

using model::Column;
using model::Value;

const Column* Find(const model::Schema& schema, std::string_view name) {
  const auto& columns = schema.columns();
  const auto found = std::ranges::find(columns, name, &Column::name);
  return found == columns.end() ? nullptr : &*found;
}

Value Get(const Column* column, const void* record) { return column ? column->get(record) : Value(); }

void PutStyled(Text& out, std::string_view text, std::string_view style, bool color) {
  if (color) out.Put(style);
  out.Put(text);
  if (color) out.Put(kPlain);
}

void Pad(Text& out, size_t length, size_t width) {
  for (; length < width; ++length) out.Put(' ');
}

void PutTime(Text& out, std::chrono::sys_time<std::chrono::milliseconds> time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  char* const begin = out.Reserve(40);
  char* const end =
      fmt::format_to(begin, "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
  out.Commit(end);
}

std::string BytesText(uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  static constexpr const char* kUnits[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
  double size = static_cast<double>(bytes) / 1000;
  size_t unit = 0;
  for (; size >= 999.5; size /= 1000) ++unit;
  return fmt::format("{:.{}f} {}", size, size < 10 ? 1 : 0, kUnits[unit]);
}

std::string DurationText(int64_t nanos) {
  const double seconds = std::fabs(static_cast<double>(nanos)) / 1e9;
  const char* const sign = nanos < 0 ? "-" : "";
  if (nanos == 0) return "0 s";
  if (seconds < 1e-3) return fmt::format("{}{:.0f} µs", sign, seconds * 1e6);
  if (seconds < 0.9995) return fmt::format("{}{:.0f} ms", sign, seconds * 1e3);
  if (seconds < 100) return fmt::format("{}{:.{}f} s", sign, seconds, seconds < 10 ? 2 : 1);
  const auto whole = static_cast<uint64_t>(seconds);
  if (whole < 7200) return fmt::format("{}{} min {} s", sign, whole / 60, whole % 60);
  if (whole < 172800) return fmt::format("{}{} h {} min", sign, whole / 3600, whole / 60 % 60);
  return fmt::format("{}{} d {} h", sign, whole / 86400, whole / 3600 % 24);
}

std::string_view StateWords(std::string_view state) {
  struct Words {
    std::string_view state, words;
  };
  static constexpr Words kWords[] = {
      {"S0", "no answer"},
      {"S1", "not closed"},
      {"S2", "originator closed"},
      {"S3", "responder closed"},
      {"SF", "closed"},
      {"REJ", "rejected"},
      {"RSTO", "reset by originator"},
      {"RSTR", "reset by responder"},
      {"RSTOS0", "SYN, then reset by originator"},
      {"RSTRH", "SYN-ACK, then reset by responder"},
      {"SH", "SYN, then FIN, no answer"},
      {"SHR", "SYN-ACK, then FIN, no SYN"},
      {"OTH", "seen midway"},
  };
  const auto found = std::ranges::find(kWords, state, &Words::state);
  return found == std::end(kWords) ? std::string_view() : found->words;
}

void PutCutText(Text& out, std::string_view text, size_t most) {
  if (text.size() <= most) return PutTerminalText(out, text);
  size_t end = most;
  while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xc0) == 0x80) --end;
  PutTerminalText(out, text.substr(0, end));
  out.Put("…");
}

namespace {

// Names come from labels, DNS answers and file systems: only what is harmless on a terminal is shown.
std::string Harmless(std::string text) {
  for (char& c : text) {
    if (c <= ' ' || c > '~') c = '?';
  }
  return text;
}

// Empty if there is no better name than the address.
std::string NameOf(const model::Identity& who) {
  std::string name;
  switch (who.kind) {
    case model::EndpointKind::kPod:
    case model::EndpointKind::kContainer:
      name = who.pod.empty() ? who.container : who.pod;
      break;
    case model::EndpointKind::kHost:
    case model::EndpointKind::kNode:
      name = who.node.empty() ? who.name : who.node;
      break;
    case model::EndpointKind::kService:
      name = who.service;
      break;
    case model::EndpointKind::kNetns:
    case model::EndpointKind::kOutside:
    case model::EndpointKind::kUnknown:
      name = who.name;
      break;
  }
  if (name.empty()) return {};
  return Harmless(who.space.empty() || who.kind == model::EndpointKind::kService ? name : who.space + "/" + name);
}

}  // namespace

std::string Endpoint(const model::Identity* who, const Value& address, const Value& port) {
  if (address.kind() != Value::Kind::kAddress) return {};
  std::string text = who == nullptr ? std::string() : NameOf(*who);
  const bool bare_v6 = text.empty() && !address.address().is_v4();
  if (text.empty()) text = address.address().ToString();
  if (port.kind() != Value::Kind::kCount) return text;
  return fmt::format(fmt::runtime(bare_v6 ? "[{}]:{}" : "{}:{}"), text, port.count());
}

}  // namespace quaywatch::emit
