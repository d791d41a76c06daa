// SPDX-License-Identifier: Apache-2.0
//
// A sliding view of an Input's bytes: readers look at as many as they need in one piece and move on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "capture/input.h"

namespace quaywatch::capture {

class Window {
 public:
  explicit Window(std::unique_ptr<Input> input) : input_(std::move(input)) {}

  // The next `count` bytes in one piece, fewer only where the input ends. Valid until the next Peek or
  // SkipFar, also after Skip. REQUIRES: `count` is bounded by the caller; the buffer grows to hold it.
  base::Bytes Peek(size_t count) {
    if (static_cast<size_t>(end_ - at_) < count) [[unlikely]] {
      return Fill(count);
    }
    return {at_, count};
  }
  // REQUIRES: they were peeked.
  void Skip(size_t count) { at_ += count; }
  // Any number of bytes; false if the input ends before.
  bool SkipFar(uint64_t count);

  // Of the next byte, counted in unpacked bytes.
  uint64_t offset() const { return read_ - static_cast<uint64_t>(end_ - at_); }
  const Input& input() const { return *input_; }

 private:
  base::Bytes Fill(size_t count);

  std::unique_ptr<Input> input_;
  std::unique_ptr<uint8_t[]> buffer_;
  size_t capacity_ = 0;
  const uint8_t* at_ = nullptr;
  const uint8_t* end_ = nullptr;
  uint64_t read_ = 0;
};

}  // namespace quaywatch::capture
