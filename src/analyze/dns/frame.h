// SPDX-License-Identifier: Apache-2.0
//
// One side of DNS over TCP: messages with their length before each (RFC 1035, 4.2.2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace quaywatch::analyze::dns {

// Holds at most one message, 64 KiB.
class FrameReader {
 public:
  // Takes from the front of `bytes` as much as belongs to the next message. True if it is complete: it is
  // in message() until the next call.
  bool Next(base::Bytes& bytes);
  base::Bytes message() const { return message_; }

  // Bytes are missing. The message they belong to is left out; if that hides where the next one begins,
  // nothing more is found.
  void Gap(uint64_t length);

  // What there is of a message that has not ended.
  base::Bytes unfinished() const { return complete_ ? base::Bytes() : base::Bytes(buffer_); }

 private:
  size_t lacking() const { return size_ - buffer_.size(); }
  void Reset();

  uint8_t size_bytes_ = 0;  // how many of the length's two bytes are known
  uint16_t size_ = 0;
  uint32_t skip_ = 0;  // bytes still to come of a message with a gap
  bool lost_ = false;
  bool complete_ = false;  // message() holds one
  std::vector<uint8_t> buffer_;
  base::Bytes message_;
};

}  // namespace quaywatch::analyze::dns
