// SPDX-License-Identifier: Apache-2.0
//
// Reading bytes that came from a network: a cursor that never reads past its end.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace quaywatch::base {

// A view of bytes that somebody else owns.
using Bytes = std::span<const uint8_t>;

inline std::string_view AsText(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

inline Bytes AsBytes(std::string_view text) { return {reinterpret_cast<const uint8_t*>(text.data()), text.size()}; }

// Unaligned loads in network order. REQUIRES: as many bytes as the type has at `at`.
template <typename T>
inline T LoadBig(const uint8_t* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  if constexpr (std::endian::native == std::endian::little && sizeof(T) > 1) value = std::byteswap(value);
  return value;
}

// The same in the order of the file or the host's own (capture headers, Redis, SMB).
template <typename T>
inline T LoadLittle(const uint8_t* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  if constexpr (std::endian::native == std::endian::big && sizeof(T) > 1) value = std::byteswap(value);
  return value;
}

// Walks over bytes from front to back. A read past the end returns zero (or an empty view), moves to
// the end and makes ok() false for good, so that a parser can read a whole header and ask once.
class Cursor {
 public:
  explicit Cursor(Bytes bytes) : begin_(bytes.data()), at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool ok() const { return ok_; }
  bool empty() const { return at_ == end_; }
  size_t left() const { return static_cast<size_t>(end_ - at_); }
  size_t offset() const { return static_cast<size_t>(at_ - begin_); }
  Bytes rest() const { return {at_, left()}; }

  uint8_t U8() { return Read<uint8_t>(); }
  uint16_t U16() { return Read<uint16_t>(); }
  uint32_t U32() { return Read<uint32_t>(); }
  uint64_t U64() { return Read<uint64_t>(); }
  uint32_t U24() {
    const Bytes b = Take(3);
    return b.size() == 3 ? static_cast<uint32_t>(b[0] << 16 | b[1] << 8 | b[2]) : 0;
  }
  uint16_t U16Little() {
    const Bytes b = Take(2);
    return b.empty() ? 0 : LoadLittle<uint16_t>(b.data());
  }
  uint32_t U32Little() {
    const Bytes b = Take(4);
    return b.empty() ? 0 : LoadLittle<uint32_t>(b.data());
  }

  // The next `count` bytes; empty and not ok() if fewer are left.
  Bytes Take(size_t count) {
    if (count > left()) {
      Fail();
      return {};
    }
    const Bytes taken(at_, count);
    at_ += count;
    return taken;
  }
  void Skip(size_t count) { Take(count); }

  void Fail() {
    ok_ = false;
    at_ = end_;
  }

 private:
  template <typename T>
  T Read() {
    if (left() < sizeof(T)) {
      Fail();
      return 0;
    }
    const T value = LoadBig<T>(at_);
    at_ += sizeof(T);
    return value;
  }

  const uint8_t* begin_;
  const uint8_t* at_;
  const uint8_t* end_;
  bool ok_ = true;
};

}  // namespace quaywatch::base
