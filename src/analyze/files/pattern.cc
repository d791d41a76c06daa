// SPDX-License-Identifier: Apache-2.0
#include "analyze/files/pattern.h"

#include <cassert>
#include <cstring>

namespace quaywatch::analyze::files {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  assert(c >= 'a' && c <= 'f');
  return c - 'a' + 10;
}

// The character at text[*at], moving past it.
uint8_t TakeByte(std::string_view text, size_t* at) {
  if (text[*at] != '\\') return static_cast<uint8_t>(text[(*at)++]);
  const char escaped = text[*at + 1];
  if (escaped != 'x') {
    *at += 2;
    return static_cast<uint8_t>(escaped);
  }
  const int value = HexDigit(text[*at + 2]) * 16 + HexDigit(text[*at + 3]);
  *at += 4;
  return static_cast<uint8_t>(value);
}

ByteSet TakeSet(std::string_view text, size_t* at) {
  ByteSet set;
  ++*at;
  const bool negated = text[*at] == '^';
  if (negated) ++*at;
  while (text[*at] != ']') {
    const uint8_t first = TakeByte(text, at);
    uint8_t last = first;
    if (text[*at] == '-' && text[*at + 1] != ']') {
      ++*at;
      last = TakeByte(text, at);
    }
    for (int b = first; b <= last; ++b) set.set(static_cast<size_t>(b));
  }
  ++*at;
  return negated ? ~set : set;
}

// "{n}" at text[*at], or 1.
uint32_t TakeCount(std::string_view text, size_t* at) {
  if (*at == text.size() || text[*at] != '{') return 1;
  uint32_t count = 0;
  for (++*at; text[*at] != '}'; ++*at) count = count * 10 + static_cast<uint32_t>(text[*at] - '0');
  ++*at;
  return count;
}

// How well a byte tells a match from the usual text and binary content.
int Rarity(uint8_t byte) {
  if (byte == 0 || byte == ' ') return 0;
  if ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9')) return 1;
  if (byte >= 'A' && byte <= 'Z') return 2;
  return 3;
}

}  // namespace

Pattern::Pattern(std::string_view text) {
  runs_.emplace_back();
  size_t at = 0;
  while (at < text.size()) {
    if (text.substr(at).starts_with(".*")) {
      at += 2;
      runs_.emplace_back();
    } else if (text[at] == '.') {
      ++at;
      Add({.count = TakeCount(text, &at), .any = true});
    } else if (text[at] == '[') {
      const ByteSet set = TakeSet(text, &at);
      Add({.set = set, .count = TakeCount(text, &at)});
    } else {
      const char byte = static_cast<char>(TakeByte(text, &at));
      Add({.literal = std::string(TakeCount(text, &at), byte)});
    }
  }
}

void Pattern::Add(Element element) {
  Run& run = runs_.back();
  if (!element.literal.empty()) {
    element.count = static_cast<uint32_t>(element.literal.size());
    const uint8_t byte = static_cast<uint8_t>(element.literal[0]);
    if (run.key < 0 || Rarity(byte) >= Rarity(static_cast<uint8_t>(run.key))) {
      run.key = byte;
      run.key_offset = run.length;
    }
  }
  run.length += element.count;
  if (!element.literal.empty() && !run.elements.empty() && !run.elements.back().literal.empty()) {
    run.elements.back().literal += element.literal;
    run.elements.back().count += element.count;
  } else {
    run.elements.push_back(std::move(element));
  }
}

bool Pattern::MatchesAt(const Run& run, const uint8_t* at) {
  if (run.key >= 0 && at[run.key_offset] != run.key) return false;
  for (const Element& element : run.elements) {
    if (!element.literal.empty()) {
      if (std::memcmp(at, element.literal.data(), element.count) != 0) return false;
    } else if (!element.any) {
      for (uint32_t i = 0; i < element.count; ++i) {
        if (!element.set[at[i]]) return false;
      }
    }
    at += element.count;
  }
  return true;
}

const uint8_t* Pattern::Find(const Run& run, const uint8_t* at, const uint8_t* end) {
  while (static_cast<size_t>(end - at) >= run.length) {
    if (run.key >= 0) {
      const size_t places = static_cast<size_t>(end - at) - run.length + 1;
      const void* hit = std::memchr(at + run.key_offset, run.key, places);
      if (hit == nullptr) return nullptr;
      at = static_cast<const uint8_t*>(hit) - run.key_offset;
    }
    if (MatchesAt(run, at)) return at;
    ++at;
  }
  return nullptr;
}

bool Pattern::Matches(base::Bytes head) const {
  const uint8_t* at = head.data();
  const uint8_t* const end = at + head.size();
  if (head.size() < runs_[0].length || !MatchesAt(runs_[0], at)) return false;
  at += runs_[0].length;
  for (size_t i = 1; i < runs_.size(); ++i) {
    at = Find(runs_[i], at, end);
    if (at == nullptr) return false;
    at += runs_[i].length;
  }
  return true;
}

Pattern::Hint Pattern::FirstHint() const {
  const Run& run = runs_[0];
  return {static_cast<uint16_t>(run.length), static_cast<uint16_t>(run.key_offset), static_cast<int16_t>(run.key)};
}

ByteSet Pattern::FirstBytes() const {
  ByteSet set;
  if (runs_[0].elements.empty() || runs_[0].elements[0].any) return set.set();
  const Element& first = runs_[0].elements[0];
  if (first.literal.empty()) return first.set;
  return set.set(static_cast<uint8_t>(first.literal[0]));
}

}  // namespace quaywatch::analyze::files
