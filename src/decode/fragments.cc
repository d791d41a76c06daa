// SPDX-License-Identifier: Apache-2.0
#include "decode/fragments.h"

#include <algorithm>
#include <cstring>

#include "base/hash.h"

namespace quaywatch::decode {
namespace {

using base::Bytes;

constexpr size_t kFragmentHeader = 8;
constexpr uint32_t kSmall = 64;     // a fragment shorter than this that is not the last is suspicious
constexpr uint32_t kLarge = 64000;  // so is a datagram longer than this
constexpr size_t kMaxRuns = 256;    // pieces with holes between them; honest senders make very few

}  // namespace

size_t FragmentTable::KeyHash::operator()(const Key& key) const {
  uint64_t words[4];
  std::memcpy(words, key.src.mapped().data(), 16);
  std::memcpy(words + 2, key.dst.mapped().data(), 16);
  return base::Mix(base::Mix(words[0] ^ key.id, words[1]) ^ key.seen_at, base::Mix(words[2], words[3]));
}

bool FragmentTable::Add(base::Timestamp now, model::Sightings::Point seen_at, const IpHeader& header, Bytes datagram,
                        std::vector<uint8_t>& whole) {
  ++counters_.fragments;
  Expire(now);
  const Key key{header.src, header.dst, header.fragment_id, seen_at};
  auto found = index_.find(key);
  if (found == index_.end()) {
    Datagram& fresh = datagrams_.emplace_back();
    fresh.key = key;
    fresh.began = now;
    Begin(fresh, header, datagram);
    held_ += Held(fresh);
    found = index_.emplace(key, std::prev(datagrams_.end())).first;
  }
  Datagram& d = *found->second;
  const Bytes bytes = datagram.subspan(header.header_length);
  const uint32_t end = header.fragment_offset + static_cast<uint32_t>(bytes.size());
  Note(d, header, datagram.size(), end);

  const size_t before = Held(d);
  const bool fits = Insert(d, header.fragment_offset, bytes);
  held_ += Held(d) - before;
  if (!fits) {
    ++counters_.fragments_dropped;
    Forget(found->second);
    return false;
  }
  if (!Complete(d)) return false;
  Join(d, whole);
  Forget(found->second);
  return true;
}

void FragmentTable::Expire(base::Timestamp now) {
  while (!datagrams_.empty() &&
         (held_ > options_.max_fragment_bytes || now - datagrams_.front().began > options_.fragment_timeout)) {
    ++counters_.fragments_dropped;
    Forget(datagrams_.begin());
  }
}

void FragmentTable::Forget(List::iterator datagram) {
  held_ -= Held(*datagram);
  index_.erase(datagram->key);
  datagrams_.erase(datagram);
}

void FragmentTable::Begin(Datagram& datagram, const IpHeader& header, Bytes bytes) {
  const size_t length = header.header_length - (header.version == 6 ? kFragmentHeader : 0);
  datagram.header.assign(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(length));
  datagram.src = header.src;
  datagram.dst = header.dst;
  datagram.version = header.version;
  datagram.protocol = header.protocol;
  datagram.next_field = header.next_field;
}

// Looks for what fragments of one datagram should not do, and learns its size.
void FragmentTable::Note(Datagram& d, const IpHeader& header, size_t length, uint32_t end) {
  const auto weird = [&](std::string_view name) { weirds_.ReportAbout(header.src, header.dst, name); };
  const size_t header_length = header.header_length - (header.version == 6 ? kFragmentHeader : 0);
  if (header.protocol != d.protocol || header_length != d.header.size()) weird("fragment_protocol_inconsistency");
  if (header.dont_fragment) weird("fragment_with_DF");
  if (header.fragment_offset == 0) d.protocol = header.protocol;
  if (!header.more_fragments) {
    if (d.size == 0) {
      d.size = end;
    } else if (end != d.size) {
      weird("fragment_size_inconsistency");
      d.size = std::max(d.size, end);
    }
  } else if (length < kSmall) {
    weird("excessively_small_fragment");
  }
  if (end > kLarge) weird("excessively_large_fragment");
  if (d.size != 0 && end > d.size) {
    weird("fragment_size_inconsistency");
    d.size = end;
  }
}

// Adds what is new of the bytes; false if the datagram is cut into too many pieces to be honest.
bool FragmentTable::Insert(Datagram& d, uint32_t begin, Bytes bytes) {
  const auto end = begin + static_cast<uint32_t>(bytes.size());
  if (bytes.empty()) return true;
  if (d.bytes.size() < end) d.bytes.resize(end);
  const auto first = std::partition_point(d.runs.begin(), d.runs.end(), [&](const Run& r) { return r.end < begin; });
  auto last = first;
  uint32_t at = begin;
  Run joined{begin, end};
  for (; last != d.runs.end() && last->begin <= end; ++last) {
    const uint32_t from = std::max(begin, last->begin), to = std::min(end, last->end);
    if (at < from) std::memcpy(&d.bytes[at], &bytes[at - begin], from - at);
    if (from < to) {
      const bool same = std::memcmp(&d.bytes[from], &bytes[from - begin], to - from) == 0;
      weirds_.ReportAbout(d.src, d.dst, same ? "fragment_overlap" : "fragment_inconsistency");
    }
    at = std::max(at, to);
    joined = {std::min(joined.begin, last->begin), std::max(joined.end, last->end)};
  }
  if (at < end) std::memcpy(&d.bytes[at], &bytes[at - begin], end - at);
  if (first != last) {
    *first = joined;
    d.runs.erase(first + 1, last);
    return true;
  }
  if (d.runs.size() >= kMaxRuns) return false;
  d.runs.insert(first, joined);
  return true;
}

bool FragmentTable::Complete(Datagram& d) {
  if (d.size == 0 || d.runs.empty() || d.runs.front().begin != 0) return false;
  const uint32_t end = d.runs.front().end;
  if (end < d.size) return false;
  // Pieces beyond the end: of another datagram with the same number, most likely.
  if (end > d.size || d.runs.size() > 1) weirds_.ReportAbout(d.src, d.dst, "fragment_size_inconsistency");
  d.size = end;
  return true;
}

void FragmentTable::Join(const Datagram& d, std::vector<uint8_t>& whole) {
  whole.assign(d.header.begin(), d.header.end());
  whole.insert(whole.end(), d.bytes.begin(), d.bytes.begin() + static_cast<ptrdiff_t>(d.size));
  const size_t length = whole.size() - (d.version == 6 ? 40 : 0);
  const bool fits = length <= 0xffff;
  const size_t field = d.version == 6 ? 4 : 2;
  whole[field] = fits ? static_cast<uint8_t>(length >> 8) : 0;
  whole[field + 1] = fits ? static_cast<uint8_t>(length) : 0;
  if (d.version == 6) {
    whole[d.next_field] = d.protocol;
  } else {
    whole[6] = whole[7] = 0;
  }
}

}  // namespace quaywatch::decode
