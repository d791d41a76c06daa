// SPDX-License-Identifier: Apache-2.0
#include "analyze/percent.h"

#include "analyze/context.h"

namespace quaywatch::analyze {
namespace {

int Hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool IsHex(std::string_view text) {
  for (const char c : text) {
    if (Hex(c) < 0) return false;
  }
  return true;
}

char Byte(std::string_view two) { return static_cast<char>(Hex(two[0]) << 4 | Hex(two[1])); }

void Report(Context* context, std::string_view name) {
  if (context != nullptr) context->Weird(name);
}

// Takes one escape apart, `rest` beginning behind its "%"; returns how much of `rest` it was.
size_t OneEscape(std::string_view rest, Context* context, std::string& out) {
  if (rest.size() < 2) {
    Report(context, rest.empty() ? "illegal_%_at_end_of_URI" : "partial_escape_at_end_of_URI");
    out += '%';
    out += rest;
    return rest.size();
  }
  if (rest[0] == '%') {
    Report(context, "double_%_in_URI");
    return 0;
  }
  if (IsHex(rest.substr(0, 2))) {
    out += Byte(rest);
    return 2;
  }
  if (rest[0] == 'u' && rest.size() >= 5 && IsHex(rest.substr(1, 4))) {
    if (rest.substr(1, 2) != "00") out += Byte(rest.substr(1));
    out += Byte(rest.substr(3));
    return 5;
  }
  Report(context, "unescaped_%_in_URI");
  out += '%';
  out += rest[0];
  return 1;
}

}  // namespace

std::string Unescape(std::string_view text, Context* context) {
  size_t percent = text.find('%');
  if (percent == std::string_view::npos) return std::string(text);
  std::string out;
  out.reserve(text.size());
  while (percent != std::string_view::npos) {
    out += text.substr(0, percent);
    text.remove_prefix(percent + 1);
    text.remove_prefix(OneEscape(text, context, out));
    percent = text.find('%');
  }
  out += text;
  return out;
}

}  // namespace quaywatch::analyze
