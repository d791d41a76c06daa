// SPDX-License-Identifier: Apache-2.0
//
// A set of connections that only tells whether one is in it: 8 bytes for each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace quaywatch::dedup {

// Open addressing with linear probing; half full at most, doubled as needed up to `max_size` members. Two
// connections count as the same if 40 bits of their hashes are: one look-up in a million errs with a full set.
class TrackedSet {
 public:
  explicit TrackedSet(size_t max_size);

  // `id` tells connections with the same hash apart; all of them can be members. Adding a member again changes
  // nothing. False if the set is full.
  bool Add(uint64_t hash, uint32_t id);
  void Remove(uint64_t hash, uint32_t id);
  // Is there any with this hash?
  bool Contains(uint64_t hash) const;
  void Clear();
  size_t size() const { return size_; }

 private:
  size_t Home(uint64_t word) const { return (word >> 24) & (words_.size() - 1); }
  void Grow();

  size_t max_size_;
  size_t size_ = 0;
  std::vector<uint64_t> words_;  // 40 bits of the hash, 24 of the id; 0: free
};

}  // namespace quaywatch::dedup
