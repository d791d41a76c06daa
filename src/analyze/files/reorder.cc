// SPDX-License-Identifier: Apache-2.0
#include "analyze/files/reorder.h"

#include <algorithm>
#include <utility>

namespace quaywatch::analyze::files {

void Reorder::Add(uint64_t delivered, uint64_t offset, base::Bytes bytes) {
  if (offset < delivered) {
    const size_t old = std::min<uint64_t>(delivered - offset, bytes.size());
    bytes = bytes.subspan(old);
    offset += old;
  }
  while (!bytes.empty()) {
    auto next = pieces_.upper_bound(offset);
    if (next != pieces_.begin()) {
      const auto& [begin, piece] = *std::prev(next);
      const uint64_t end = begin + piece.size();
      if (end > offset) {
        const size_t known = std::min<uint64_t>(end - offset, bytes.size());
        bytes = bytes.subspan(known);
        offset += known;
        continue;
      }
    }
    const size_t room = next == pieces_.end() ? bytes.size() : std::min<uint64_t>(next->first - offset, bytes.size());
    pieces_.emplace_hint(next, offset,
                         std::vector<uint8_t>(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(room)));
    bytes_ += room;
    bytes = bytes.subspan(room);
    offset += room;
  }
}

Reorder::Piece Reorder::TakeFirst() {
  auto node = pieces_.extract(pieces_.begin());
  bytes_ -= node.mapped().size();
  return {node.key(), std::move(node.mapped())};
}

}  // namespace quaywatch::analyze::files
