// SPDX-License-Identifier: Apache-2.0
#include "analyze/dns/frame.h"

#include <algorithm>

namespace quaywatch::analyze::dns {

bool FrameReader::Next(base::Bytes& bytes) {
  if (complete_) Reset();
  if (lost_) bytes = {};
  const size_t skipped = std::min<size_t>(skip_, bytes.size());
  bytes = bytes.subspan(skipped);
  skip_ -= static_cast<uint32_t>(skipped);
  for (; size_bytes_ < 2 && !bytes.empty(); ++size_bytes_) {
    size_ = static_cast<uint16_t>(size_ << 8 | bytes[0]);
    bytes = bytes.subspan(1);
  }
  if (bytes.empty()) return false;
  if (buffer_.empty() && bytes.size() >= size_) {
    message_ = bytes.first(size_);
    bytes = bytes.subspan(size_);
  } else {
    const base::Bytes part = bytes.first(std::min(lacking(), bytes.size()));
    buffer_.insert(buffer_.end(), part.begin(), part.end());
    bytes = bytes.subspan(part.size());
    if (lacking() > 0) return false;
    message_ = buffer_;
  }
  complete_ = true;
  return true;
}

void FrameReader::Gap(uint64_t length) {
  if (complete_) Reset();
  const uint64_t within = size_bytes_ == 2 ? lacking() : skip_;
  if (length > within || (size_bytes_ < 2 && skip_ == 0)) {
    lost_ = true;
  } else {
    skip_ = static_cast<uint32_t>(within - length);
  }
  Reset();
}

void FrameReader::Reset() {
  complete_ = false;
  size_bytes_ = 0;
  size_ = 0;
  buffer_.clear();
  message_ = {};
}

}  // namespace quaywatch::analyze::dns
