// SPDX-License-Identifier: Apache-2.0
#include "dedup/translation_table.h"

#include <netinet/in.h>

#include <random>
#include <utility>

#include "base/bytes.h"
#include "base/hash.h"

namespace quaywatch::dedup {
namespace {

uint64_t RandomSeed() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

bool IsIcmp(uint8_t ip_proto) { return ip_proto == IPPROTO_ICMP || ip_proto == IPPROTO_ICMPV6; }

model::FlowId Reversed(const model::FlowId& id) { return {id.resp_h, id.orig_h, id.resp_p, id.orig_p}; }

}  // namespace

TranslationTable::Key::Key(const model::FlowId& id, uint8_t proto) : ends(id), ip_proto(proto) {
  if (std::tie(id.orig_h, id.orig_p) <= std::tie(id.resp_h, id.resp_p)) return;
  std::swap(ends.orig_h, ends.resp_h);
  std::swap(ends.orig_p, ends.resp_p);
}

uint64_t TranslationTable::HashOf(const model::FlowId& id, uint8_t ip_proto, uint64_t seed) {
  const auto word = [](const uint8_t* at) { return base::LoadLittle<uint64_t>(at); };
  const uint8_t* a = id.orig_h.mapped().data();
  const uint8_t* b = id.resp_h.mapped().data();
  const uint64_t rest = uint64_t{id.orig_p.number} << 32 | uint64_t{id.resp_p.number} << 16 | ip_proto;
  return base::Mix(base::Mix(word(a) ^ seed, word(a + 8)) ^ base::Mix(word(b), word(b + 8)), rest);
}

uint64_t TranslationTable::PlainHash(const TrackedConnection& connection) const {
  const bool is_directed = connection.answered && !IsIcmp(connection.ip_proto);
  return is_directed ? DirectedHash(connection.original, connection.ip_proto)
                     : Key(connection.original, connection.ip_proto).Hash(seed_);
}

bool TranslationTable::IsPlain(uint64_t hash) const {
  return plain_.Contains(hash) || recent_.Contains(hash) || earlier_.Contains(hash);
}

TranslationTable::Key TranslationTable::Entry::Half() const {
  const model::FlowId& from = translation->original;
  const model::FlowId& to = translation->translated;
  return {{from.orig_h, to.resp_h, from.orig_p, to.resp_p}, translation->ip_proto};
}

TranslationTable::TranslationTable(const TranslationOptions& options)
    : options_(options),
      seed_(RandomSeed()),
      exact_(0, Hasher{seed_}),
      half_(0, Hasher{seed_}),
      plain_(options.max_tracked),
      recent_(options.max_tracked / 8),
      earlier_(options.max_tracked / 8) {}

void TranslationTable::Begin(const TrackedConnection& connection, base::Timestamp earliest, base::Timestamp now) {
  connection.is_translated() ? BeginTranslated(connection, earliest, now) : BeginPlain(connection, now);
}

const TranslationTable::Entries::iterator* TranslationTable::Holder(const Map& map, const Key& key,
                                                                    base::Timestamp at) {
  const auto [begin, end] = map.equal_range(key);
  const Entries::iterator* best = nullptr;
  for (auto each = begin; each != end; ++each) {
    const Entry& entry = *each->second;
    if (best == nullptr) {
      best = &each->second;
      continue;
    }
    const bool fits = entry.earliest <= at, best_fits = (*best)->earliest <= at;
    const bool later = entry.number > (*best)->number;
    if (fits != best_fits ? fits : later == fits) best = &each->second;
  }
  return best;
}

void TranslationTable::BeginTranslated(const TrackedConnection& connection, base::Timestamp earliest,
                                       base::Timestamp now) {
  const Key original(connection.original, connection.ip_proto);
  if (const auto* held = Holder(exact_, original, base::Timestamp::max())) {
    Entry& entry = **held;
    const bool same = !entry.ended() && entry.id == connection.id && entry.zone == connection.zone &&
                      entry.translation->original == connection.original &&
                      entry.translation->translated == connection.translated;
    if (same) {
      entry.list = list_;
      return;
    }
    // The kernel has let go of a connection before another gets its addresses.
    if (!entry.ended() && entry.Original() == original) MoveToEnded(*held, now);
  }
  while (live_.size() + ended_.size() >= options_.max_entries && !ended_.empty()) Forget(ended_, ended_.begin());
  if (live_.size() >= options_.max_entries) {
    if (live_.empty()) return;
    Forget(live_, live_.begin());
    ++forgotten_;
  }
  auto translation = std::make_shared<model::Translation>();
  translation->original = connection.original;
  translation->translated = connection.translated;
  translation->ip_proto = connection.ip_proto;
  translation->since = now;
  live_.push_back({.translation = std::move(translation),
                   .id = connection.id,
                   .zone = connection.zone,
                   .list = list_,
                   .earliest = earliest,
                   .until = {},
                   .number = ++translated_});
  const auto entry = std::prev(live_.end());
  exact_.emplace(original, entry);
  if (entry->Translated() != original) exact_.emplace(entry->Translated(), entry);
  if (const Key half = entry->Half(); half != original && half != entry->Translated()) half_.emplace(half, entry);
}

void TranslationTable::BeginPlain(const TrackedConnection& connection, base::Timestamp now) {
  const Key key(connection.original, connection.ip_proto);
  // A translated connection had these addresses and is gone; in another zone it may live on. ICMP has no more than
  // addresses to go by: there a translation may be of another request than this one.
  if (!IsIcmp(connection.ip_proto)) {
    for (auto [held, end] = exact_.equal_range(key); held != end;) {
      const auto entry = held->second;
      if (!entry->ended() && entry->zone != connection.zone) {
        ++held;
        continue;
      }
      if (!entry->ended() && entry->Original() == key) MoveToEnded(entry, now);
      held = exact_.erase(held);
    }
  }
  if (!plain_.Add(PlainHash(connection), connection.id)) left_out_ = true;
}

void TranslationTable::End(const TrackedConnection& connection, base::Timestamp now) {
  const Key key(connection.original, connection.ip_proto);
  if (!connection.is_translated()) {
    // When it began it was not answered yet.
    plain_.Remove(key.Hash(seed_), connection.id);
    plain_.Remove(DirectedHash(connection.original, connection.ip_proto), connection.id);
    RotateRecent(now);
    recent_.Add(PlainHash(connection), connection.id);
    return;
  }
  const auto [begin, end] = exact_.equal_range(key);
  for (auto held = begin; held != end; ++held) {
    const auto entry = held->second;
    if (!entry->ended() && entry->id == connection.id && entry->Original() == key) return MoveToEnded(entry, now);
  }
}

void TranslationTable::BeginList(base::Timestamp) {
  ++list_;
  plain_.Clear();
  left_out_ = false;
}

void TranslationTable::EndList(base::Timestamp now) {
  for (auto entry = live_.begin(); entry != live_.end();) {
    const auto next = std::next(entry);
    if (entry->list != list_) MoveToEnded(entry, now);
    entry = next;
  }
}

void TranslationTable::Expire(base::Timestamp now) {
  while (!ended_.empty() && now - ended_.front().until >= Translations::kLinger) Forget(ended_, ended_.begin());
  RotateRecent(now);
}

void TranslationTable::MoveToEnded(Entries::iterator entry, base::Timestamp now) {
  entry->translation->ended.store(true, std::memory_order_relaxed);
  entry->until = now;
  ended_.splice(ended_.end(), live_, entry);
}

void TranslationTable::Forget(Entries& list, Entries::iterator entry) {
  entry->translation->ended.store(true, std::memory_order_relaxed);
  Drop(exact_, entry->Original(), entry);
  Drop(exact_, entry->Translated(), entry);
  Drop(half_, entry->Half(), entry);
  list.erase(entry);
}

void TranslationTable::Drop(Map& map, const Key& key, Entries::iterator entry) {
  for (auto [held, end] = map.equal_range(key); held != end; ++held) {
    if (held->second != entry) continue;
    map.erase(held);
    return;
  }
}

void TranslationTable::RotateRecent(base::Timestamp now) {
  if (now - rotated_ < Translations::kLinger) return;
  rotated_ = now;
  std::swap(recent_, earlier_);
  recent_.Clear();
}

Translations::Found TranslationTable::Find(const model::FlowId& id, uint8_t ip_proto, base::Timestamp at) const {
  using enum Translations::Form;
  using Way = Translations::Way;
  const Key key(id, ip_proto);
  const auto found = [&](const Entry& entry) -> Translations::Found {
    const model::FlowId& original = entry.translation->original;
    const model::FlowId& translated = entry.translation->translated;
    const auto opens = [&](const model::FlowId& from) {
      return (id.orig_h == from.orig_h && id.orig_p == from.orig_p) ? Way::kForward : Way::kReverse;
    };
    const bool is_original = entry.Original() == key;
    const Way way = IsIcmp(ip_proto) ? Way::kUnknown : opens(entry.Translated() == key ? translated : original);
    return {is_original ? kOriginal : kTranslated, entry.translation, true, way};
  };
  if (const auto* held = Holder(exact_, key, at)) return found(**held);
  if (IsPlain(key.Hash(seed_))) return {kNone, nullptr, true, Way::kUnknown};
  if (IsPlain(DirectedHash(id, ip_proto))) return {kNone, nullptr, true, Way::kForward};
  if (IsPlain(DirectedHash(Reversed(id), ip_proto))) return {kNone, nullptr, true, Way::kReverse};
  if (const auto* held = Holder(half_, key, at)) return found(**held);
  return {kNone, nullptr, left_out_, Way::kUnknown};
}

void TranslationTable::Count(TranslationCounters& counters) const {
  counters.translated = translated_;
  counters.live = live_.size();
  counters.forgotten = forgotten_;
  counters.tracked = plain_.size();
}

}  // namespace quaywatch::dedup
