// SPDX-License-Identifier: Apache-2.0
//
// Text that only grows at its end, and numbers written into it. Callers reserve the most a value can
// take, write through the pointer and say where they stopped: no check and no call per character.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace quaywatch::emit {

class Text {
 public:
  Text() : end_(bytes_.data()), limit_(end_) {}
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;

  // `most` writable bytes at the end; Commit keeps those before `end`. Invalidates earlier pointers.
  char* Reserve(size_t most) {
    if (static_cast<size_t>(limit_ - end_) < most) Grow(most);
    return end_;
  }
  void Commit(char* end) { end_ = end; }

  void Put(char c) {
    *Reserve(1) = c;
    ++end_;
  }
  void Put(std::string_view text) {
    char* out = Reserve(text.size());
    const char* from = text.data();
    size_t left = text.size();
    for (; left >= 8; left -= 8, out += 8, from += 8) std::memcpy(out, from, 8);
    for (; left > 0; --left) *out++ = *from++;
    end_ = out;
  }

  size_t size() const { return static_cast<size_t>(end_ - bytes_.data()); }
  std::string_view view() const { return {bytes_.data(), size()}; }
  char* data() { return bytes_.data(); }
  // Forgets what lies beyond `size`. REQUIRES: size <= size().
  void Cut(size_t size) { end_ = data() + size; }
  // Hands the text over and begins anew.
  std::string Take();

 private:
  void Grow(size_t more);

  std::string bytes_;    // longer than what is used
  char* end_;            // of what is used
  char* limit_;          // of what can be used
  size_t expected_ = 0;  // the length it had when it was last taken
};

// Each writes at `out` and returns the end.

inline constexpr size_t kMaxInteger = 20;
char* PutCount(char* out, uint64_t value);
char* PutInteger(char* out, int64_t value);

// Nanoseconds as seconds with six decimals, rounded to the nearest: "1700000000.123457", "-0.000100".
inline constexpr size_t kMaxSeconds = 20;
char* PutSeconds(char* out, int64_t nanos);
// Nanoseconds cut to whole microseconds. Zeek's packet times are cut (by libpcap), all else it rounds.
inline int64_t CutToMicros(int64_t nanos) { return nanos - ((nanos % 1000) + 1000) % 1000; }

// Exactly `width` digits. REQUIRES: value has no more.
char* PutPadded(char* out, uint64_t value, int width);

// Doubles can have over 300 digits before the point.
inline constexpr size_t kMaxDouble = 352;
// At most six decimals, no trailing zeros, never an exponent; ".0" after a whole number. As in Zeek's TSV.
char* PutDecimal(char* out, double value);
// The shortest text that reads back as the same double. REQUIRES: finite.
char* PutShortest(char* out, double value);

}  // namespace quaywatch::emit
