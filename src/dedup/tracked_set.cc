// SPDX-License-Identifier: Apache-2.0
#include "dedup/tracked_set.h"

#include <algorithm>

namespace quaywatch::dedup {
namespace {

constexpr size_t kFirstSlots = 1024;

uint64_t Word(uint64_t hash, uint32_t id) { return std::max<uint64_t>(hash << 24 | (id & 0xffffff), 1); }

}  // namespace

TrackedSet::TrackedSet(size_t max_size) : max_size_(max_size), words_(kFirstSlots) {}

bool TrackedSet::Add(uint64_t hash, uint32_t id) {
  if (size_ * 2 >= words_.size() && size_ < max_size_) Grow();
  const uint64_t word = Word(hash, id);
  size_t at = Home(word);
  for (; words_[at] != 0; at = (at + 1) & (words_.size() - 1)) {
    if (words_[at] == word) return true;
  }
  if (size_ >= max_size_) return false;
  words_[at] = word;
  ++size_;
  return true;
}

void TrackedSet::Remove(uint64_t hash, uint32_t id) {
  const uint64_t word = Word(hash, id);
  const size_t mask = words_.size() - 1;
  size_t at = Home(word);
  while (words_[at] != word) {
    if (words_[at] == 0) return;
    at = (at + 1) & mask;
  }
  --size_;
  // Members behind it that belong at or before the hole move up, so that searches need no marks.
  for (size_t next = (at + 1) & mask; words_[next] != 0; next = (next + 1) & mask) {
    if (((next - Home(words_[next])) & mask) < ((next - at) & mask)) continue;
    words_[at] = words_[next];
    at = next;
  }
  words_[at] = 0;
}

bool TrackedSet::Contains(uint64_t hash) const {
  const uint64_t wanted = Word(hash, 0) >> 24;
  for (size_t at = Home(wanted << 24); words_[at] != 0; at = (at + 1) & (words_.size() - 1)) {
    if (words_[at] >> 24 == wanted) return true;
  }
  return false;
}

void TrackedSet::Clear() {
  words_ = std::vector<uint64_t>(kFirstSlots);
  size_ = 0;
}

void TrackedSet::Grow() {
  std::vector<uint64_t> old(words_.size() * 2);
  old.swap(words_);
  for (const uint64_t word : old) {
    if (word == 0) continue;
    size_t at = Home(word);
    while (words_[at] != 0) at = (at + 1) & (words_.size() - 1);
    words_[at] = word;
  }
}

}  // namespace quaywatch::dedup
