// SPDX-License-Identifier: Apache-2.0
#include "emit/escape.h"

#include <cstdint>
#include <cstring>

namespace quaywatch::emit {
namespace {

constexpr uint64_t kOnes = 0x0101010101010101ull;
constexpr uint64_t kHighs = 0x8080808080808080ull;

// High bits where a byte of `word` equals `byte`; may also mark bytes above a true match, never misses one.
inline uint64_t Equal(uint64_t word, uint8_t byte) {
  const uint64_t x = word ^ (kOnes * byte);
  return (x - kOnes) & ~x & kHighs;
}

// Up to 8 bytes; spaces where there are none.
inline uint64_t LoadTail(const char* at, size_t size) {
  uint64_t word = kOnes * ' ';
  auto* const out = reinterpret_cast<char*>(&word);
  if (size & 4) std::memcpy(out, at, 4);
  const size_t four = size & 4;
  if (size & 2) std::memcpy(out + four, at + four, 2);
  if (size & 1) out[size - 1] = at[size - 1];
  return word;
}

// Whether all bytes are printable ASCII and neither `a` nor `b`.
inline bool IsPlain(std::string_view text, uint8_t a, uint8_t b) {
  uint64_t odd = 0;
  const auto look = [&](uint64_t word) {
    const uint64_t below_space = (word - kOnes * 0x20) & ~word & kHighs;
    odd |= (word & kHighs) | below_space | Equal(word, 0x7f) | Equal(word, a) | Equal(word, b);
  };
  const char* at = text.data();
  size_t left = text.size();
  for (; left >= 8; at += 8, left -= 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    look(word);
  }
  if (left > 0) look(LoadTail(at, left));
  return odd == 0;
}

void PutHex(Text& out, uint8_t byte, std::string_view prefix = "\\x") {
  static constexpr char kDigits[] = "0123456789abcdef";
  out.Put(prefix);
  out.Put(kDigits[byte >> 4]);
  out.Put(kDigits[byte & 15]);
}

bool IsControl(uint8_t byte) { return byte < 0x20 || byte == 0x7f; }

// Length of the UTF-8 sequence of two bytes and more that `text` begins with (Unicode 15, table 3-7);
// 0 if there is none, or if it stands for a control character, a private use one or a special (U+FFF0
// to U+FFFF), which Zeek does not let through.
size_t SequenceLength(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  size_t length = 0;
  uint32_t code = 0;
  if (lead >= 0xc2 && lead <= 0xdf) {
    length = 2;
    code = lead & 0x1f;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    length = 3;
    code = lead & 0x0f;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    length = 4;
    code = lead & 0x07;
  }
  if (length == 0 || length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3f);
  }
  static constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return 0;
  if (code < 0xa0 || (code >= 0xe000 && code <= 0xf8ff) || (code >= 0xfff0 && code <= 0xffff)) return 0;
  return length;
}

template <typename IsBad>
bool AllGood(std::string_view text, IsBad is_bad) {
  for (size_t i = 0; i < text.size();) {
    const auto byte = static_cast<uint8_t>(text[i]);
    const size_t length = byte >= 0x80 ? SequenceLength(text.substr(i)) : is_bad(byte) ? 0 : 1;
    if (length == 0) return false;
    i += length;
  }
  return true;
}

void PutRun(Text& out, std::string_view run) {
  if (AllGood(run, IsControl)) return out.Put(run);
  for (const char c : run) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte >= 0x80 || IsControl(byte)) {
      PutHex(out, byte);
    } else {
      out.Put(c);
    }
  }
}

void PutEscaped(Text& out, std::string_view text, bool in_list) {
  size_t begin = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != '\\' && c != '\t' && !(in_list && c == ',')) continue;
    PutRun(out, text.substr(begin, i - begin));
    begin = i + 1;
    if (c == '\\') {
      out.Put("\\\\");
    } else {
      PutHex(out, static_cast<uint8_t>(c));
    }
  }
  PutRun(out, text.substr(begin));
}

void PutJsonAscii(Text& out, uint8_t byte) {
  switch (byte) {
    case '"':
      return out.Put("\\\"");
    case '\\':
      return out.Put("\\\\");
    case '\b':
      return out.Put("\\b");
    case '\f':
      return out.Put("\\f");
    case '\n':
      return out.Put("\\n");
    case '\r':
      return out.Put("\\r");
    case '\t':
      return out.Put("\\t");
    default:
      break;
  }
  if (byte < 0x20) return PutHex(out, byte, "\\u00");
  out.Put(static_cast<char>(byte));
}

}  // namespace

void PutTsvText(Text& out, std::string_view text, bool in_list) {
  if (text.empty()) return out.Put("(empty)");
  if (text == "-" || text == "(empty)") {
    PutHex(out, static_cast<uint8_t>(text[0]));
    return out.Put(text.substr(1));
  }
  if (IsPlain(text, '\\', in_list ? ',' : '\\')) return out.Put(text);
  PutEscaped(out, text, in_list);
}

void PutJsonText(Text& out, std::string_view text) {
  if (IsPlain(text, '\\', '"')) return out.Put(text);
  const bool good = AllGood(text, [](uint8_t) { return false; });
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte < 0x80) {
      PutJsonAscii(out, byte);
    } else if (good) {
      out.Put(c);
    } else {
      PutHex(out, byte, "\\\\x");
    }
  }
}

void PutTerminalText(Text& out, std::string_view text) {
  if (IsPlain(text, '\\', '\\')) return out.Put(text);
  PutEscaped(out, text, false);
}

}  // namespace quaywatch::emit
