// SPDX-License-Identifier: Apache-2.0
//
// Puts a file's pieces that came out of order in order.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/bytes.h"

namespace quaywatch::analyze::files {

// Pieces beyond what was delivered so far. Bytes that came twice keep their first content. The caller limits
// bytes() and pieces().
class Reorder {
 public:
  // Copies what of [offset, offset + bytes) is neither delivered (before `delivered`) nor kept already.
  void Add(uint64_t delivered, uint64_t offset, base::Bytes bytes);

  struct Piece {
    uint64_t offset = 0;
    std::vector<uint8_t> bytes;
  };
  // Takes out the first piece. REQUIRES: not empty().
  Piece TakeFirst();

  bool empty() const { return pieces_.empty(); }
  // REQUIRES: not empty().
  uint64_t first_offset() const { return pieces_.begin()->first; }
  size_t bytes() const { return bytes_; }
  size_t pieces() const { return pieces_.size(); }

 private:
  std::map<uint64_t, std::vector<uint8_t>> pieces_;
  size_t bytes_ = 0;
};

}  // namespace quaywatch::analyze::files
