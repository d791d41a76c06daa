// SPDX-License-Identifier: Apache-2.0
//
// Byte patterns for file magic: runs of bytes and byte classes of fixed length, with "anything" between runs.
// Matched without backtracking: each run is taken at its earliest place after the one before, which is exact
// because runs have one length.
#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace quaywatch::analyze::files {

using ByteSet = std::bitset<256>;

// Notation, anchored at the first byte of the file:
//   abc      these bytes           \xHH  this byte          \.  a special character itself
//   .        any byte              [a-f\x00]  one of a set  [^...]  none of a set
//   {n}      the last one n times  .*    any number of any bytes
class Pattern {
 public:
  // REQUIRES: `text` follows the notation (the tables are ours).
  explicit Pattern(std::string_view text);

  bool Matches(base::Bytes head) const;
  // The bytes a match can begin with.
  ByteSet FirstBytes() const;
  // What can be asked of a file before Matches: it has this many bytes at least, and this byte in this place,
  // which is within them (unless key is -1).
  struct Hint {
    uint16_t min_length = 0;
    uint16_t key_offset = 0;
    int16_t key = -1;
  };
  Hint FirstHint() const;

 private:
  // `count` bytes in a row that are all in `set`, or exactly `literal`.
  struct Element {
    std::string literal;
    ByteSet set;
    uint32_t count = 0;
    bool any = false;
  };
  struct Run {
    std::vector<Element> elements;
    size_t length = 0;
    // A literal byte of it, to reject most places by one look; -1 if it has none.
    int key = -1;
    size_t key_offset = 0;
  };

  void Add(Element element);
  static bool MatchesAt(const Run& run, const uint8_t* at);
  static const uint8_t* Find(const Run& run, const uint8_t* at, const uint8_t* end);

  std::vector<Run> runs_;
};

}  // namespace quaywatch::analyze::files
