// SPDX-License-Identifier: Apache-2.0
//
// Domain names in messages, plain and compressed (RFC 1035, 3.1 and 4.1.4), and the encoding that the
// NetBIOS name service wraps its names in (RFC 1001, 14.1).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace quaywatch::analyze::dns {

// Reads a message front to back without ever failing: what is not there reads as zero and moves nothing,
// so that a message cut short yields all that Zeek finds in it.
class Reader {
 public:
  explicit Reader(base::Bytes message) : message_(message) {}

  base::Bytes message() const { return message_; }
  size_t offset() const { return offset_; }
  size_t left() const { return message_.size() - offset_; }
  bool empty() const { return left() == 0; }

  uint8_t U8() { return Read<uint8_t>(); }
  uint16_t U16() { return Read<uint16_t>(); }
  uint32_t U32() { return Read<uint32_t>(); }
  // As many of the next `count` bytes as there are.
  base::Bytes Take(size_t count) {
    const base::Bytes taken = message_.subspan(offset_, count < left() ? count : left());
    offset_ += taken.size();
    return taken;
  }
  void MoveTo(size_t offset) { offset_ = offset < message_.size() ? offset : message_.size(); }

 private:
  template <typename T>
  T Read() {
    if (left() < sizeof(T)) return 0;
    const T value = base::LoadBig<T>(message_.data() + offset_);
    offset_ += sizeof(T);
    return value;
  }

  base::Bytes message_;
  size_t offset_ = 0;
};

// Room for a name; longer ones end after the last label that fits.
class Name {
 public:
  static constexpr size_t kCapacity = 512;

  // Lower case, labels joined by dots, no dot at the end; empty for the root. Bytes are as sent.
  std::string_view view() const { return {text_.data(), size_}; }
  void clear() { size_ = 0; }

 private:
  friend class NameParser;
  size_t size_ = 0;
  std::array<char, kCapacity> text_;  // not initialised: size_ says what holds
};

class WeirdListener {
 public:
  virtual ~WeirdListener() = default;
  // `name` lives as long as the program.
  virtual void OnWeird(std::string_view name, std::string_view addl) = 0;
};

// Reads the name at the reader's place and moves past it. A name that is cut off or faulty ends there,
// as in Zeek; faults are weirds.
void ReadName(Reader& reader, bool netbios, Name& name, WeirdListener& weirds);

// "WORKGROUP" of the first 32 letters of an encoded name; spaces and zeros that fill it up are left out.
// Empty if it is not such a name.
std::string DecodeNetbiosName(std::string_view encoded);

}  // namespace quaywatch::analyze::dns
