// SPDX-License-Identifier: Apache-2.0
#include "capture/window.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace quaywatch::capture {
namespace {

// Fits a second-level cache, so that what the kernel copies there is still near when it is parsed.
constexpr size_t kBufferBytes = 128u << 10;

}  // namespace

base::Bytes Window::Fill(size_t count) {
  const size_t left = static_cast<size_t>(end_ - at_);
  if (count > capacity_) {
    const size_t capacity = std::max(kBufferBytes, std::bit_ceil(count));
    std::unique_ptr<uint8_t[]> larger(new uint8_t[capacity]);
    if (left > 0) std::memcpy(larger.get(), at_, left);
    buffer_ = std::move(larger);
    capacity_ = capacity;
  } else if (left > 0) {
    std::memmove(buffer_.get(), at_, left);
  }
  size_t have = left;
  while (have < count) {
    const size_t got = input_->Read(buffer_.get() + have, capacity_ - have);
    if (got == 0) break;
    have += got;
    read_ += got;
  }
  at_ = buffer_.get();
  end_ = at_ + have;
  return {at_, std::min(have, count)};
}

bool Window::SkipFar(uint64_t count) {
  while (count > 0) {
    const size_t step = static_cast<size_t>(std::min<uint64_t>(count, kBufferBytes));
    const size_t got = Peek(step).size();
    Skip(got);
    if (got < step) return false;
    count -= step;
  }
  return true;
}

}  // namespace quaywatch::capture
