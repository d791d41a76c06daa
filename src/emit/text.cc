// SPDX-License-Identifier: Apache-2.0
#include "emit/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace quaywatch::emit {
namespace {

constexpr size_t kFirstCapacity = 4 * 1024;

constexpr auto kPairs = [] {
  std::array<char, 200> pairs{};
  for (size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

inline void PutPair(char* out, uint64_t value) { std::memcpy(out, &kPairs[2 * value], 2); }

inline int Digits(uint64_t value) {
  int digits = 1;
  for (; value >= 10000; value /= 10000) digits += 4;
  return digits + (value >= 10) + (value >= 100) + (value >= 1000);
}

}  // namespace

void Text::Grow(size_t more) {
  const size_t used = size();
  const size_t wanted = std::max({kFirstCapacity, expected_ + expected_ / 8, used + more, bytes_.size() * 2});
  bytes_.resize_and_overwrite(wanted, [](char*, size_t size) { return size; });
  end_ = bytes_.data() + used;
  limit_ = bytes_.data() + bytes_.size();
}

std::string Text::Take() {
  expected_ = size();
  bytes_.resize(expected_);
  std::string taken = std::move(bytes_);
  bytes_.clear();
  limit_ = end_ = bytes_.data();
  return taken;
}

char* PutCount(char* out, uint64_t value) {
  if (value < 10) {
    *out = static_cast<char>('0' + value);
    return out + 1;
  }
  char* const end = out + Digits(value);
  char* at = end;
  for (; value >= 100; value /= 100) PutPair(at -= 2, value % 100);
  if (value >= 10) {
    PutPair(at - 2, value);
  } else {
    at[-1] = static_cast<char>('0' + value);
  }
  return end;
}

char* PutInteger(char* out, int64_t value) {
  if (value >= 0) return PutCount(out, static_cast<uint64_t>(value));
  *out = '-';
  return PutCount(out + 1, 0 - static_cast<uint64_t>(value));
}

char* PutPadded(char* out, uint64_t value, int width) {
  for (int i = width - 1; i >= 0; --i, value /= 10) out[i] = static_cast<char>('0' + value % 10);
  return out + width;
}

char* PutSeconds(char* out, int64_t nanos) {
  uint64_t size = static_cast<uint64_t>(nanos);
  if (nanos < 0) {
    *out++ = '-';
    size = 0 - size;
  }
  const uint64_t micros = (size + 500) / 1000;
  out = PutCount(out, micros / 1000000);
  const uint64_t fraction = micros % 1000000;
  out[0] = '.';
  PutPair(out + 1, fraction / 10000);
  PutPair(out + 3, fraction / 100 % 100);
  PutPair(out + 5, fraction % 100);
  return out + 7;
}

char* PutDecimal(char* out, double value) {
  char* end = std::to_chars(out, out + kMaxDouble, value, std::chars_format::fixed, 6).ptr;
  if (!std::isfinite(value)) return end;
  while (end[-1] == '0') --end;
  if (end[-1] == '.') *end++ = '0';
  return end;
}

char* PutShortest(char* out, double value) {
  char* end = std::to_chars(out, out + kMaxDouble, value).ptr;
  if (std::none_of(out, end, [](char c) { return c == '.' || c == 'e'; })) {
    *end++ = '.';
    *end++ = '0';
  }
  return end;
}

}  // namespace quaywatch::emit
