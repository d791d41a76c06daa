// SPDX-License-Identifier: Apache-2.0
//
// Tracked connections by the address pairs they have on their way. No locks, no clock, no kernel: translations.cc
// feeds it.
//
// A connection is visible with up to three pairs: as the originator sends it, as the responder receives it, and,
// between the kernel's two rewrites (on a bridge), with only the destination rewritten. The last can't be told from
// a connection that really has these addresses; if conntrack knows such a one, it is that.
#pragma once

#include <cstdint>
#include <list>
#include <unordered_map>

#include "base/time.h"
#include "dedup/conntrack_message.h"
#include "dedup/tracked_set.h"
#include "dedup/translations.h"

namespace quaywatch::dedup {

class TranslationTable {
 public:
  explicit TranslationTable(const TranslationOptions& options);

  // The kernel told of its begin, between `earliest` and `now`, or, from a list, of its existence.
  void Begin(const TrackedConnection& connection, base::Timestamp earliest, base::Timestamp now);
  void End(const TrackedConnection& connection, base::Timestamp now);

  // A full list follows: what has not begun again until EndList has ended unnoticed.
  void BeginList(base::Timestamp now);
  void EndList(base::Timestamp now);

  // Forgets what ended Translations::kLinger ago.
  void Expire(base::Timestamp now);

  // `at`: of several that had these addresses one after the other, which one is asked for. Those that ended are
  // known for Translations::kLinger.
  Translations::Found Find(const model::FlowId& id, uint8_t ip_proto, base::Timestamp at) const;

  // Adds what is held, was translated and was forgotten.
  void Count(TranslationCounters& counters) const;

 private:
  // Both directions of a flow have the same key.
  struct Key {
    model::FlowId ends;  // the lesser end first
    uint8_t ip_proto = 0;

    Key(const model::FlowId& id, uint8_t proto);
    bool operator==(const Key&) const = default;
    uint64_t Hash(uint64_t seed) const { return HashOf(ends, ip_proto, seed); }
  };
  struct Hasher {
    uint64_t seed;
    size_t operator()(const Key& key) const { return key.Hash(seed); }
  };
  struct Entry {
    model::TranslationRef translation;
    uint32_t id = 0;
    uint16_t zone = 0;
    uint32_t list = 0;           // the latest in which, or after which, it was told
    base::Timestamp earliest{};  // it began then at the earliest
    base::Timestamp until{};
    uint64_t number = 0;  // ascending

    bool ended() const { return translation->ended.load(std::memory_order_relaxed); }
    Key Original() const { return {translation->original, translation->ip_proto}; }
    Key Translated() const { return {translation->translated, translation->ip_proto}; }
    Key Half() const;
  };
  using Entries = std::list<Entry>;
  // Several of one key: one lives, the others ended.
  using Map = std::unordered_multimap<Key, Entries::iterator, Hasher>;

  static uint64_t HashOf(const model::FlowId& id, uint8_t ip_proto, uint64_t seed);
  // What stands for an untranslated connection in the sets below. Who opened it makes a difference if that is sure:
  // where only one direction passes here, conntrack may have seen nothing but answers.
  uint64_t DirectedHash(const model::FlowId& id, uint8_t ip_proto) const { return HashOf(id, ip_proto, ~seed_); }
  uint64_t PlainHash(const TrackedConnection& connection) const;
  bool IsPlain(uint64_t hash) const;
  // The latest of this key that did not begin after `at`, else the earliest; null if there is none.
  static const Entries::iterator* Holder(const Map& map, const Key& key, base::Timestamp at);
  void BeginTranslated(const TrackedConnection& connection, base::Timestamp earliest, base::Timestamp now);
  void BeginPlain(const TrackedConnection& connection, base::Timestamp now);
  void MoveToEnded(Entries::iterator entry, base::Timestamp now);
  void Forget(Entries& list, Entries::iterator entry);
  static void Drop(Map& map, const Key& key, Entries::iterator entry);
  void RotateRecent(base::Timestamp now);

  const TranslationOptions options_;
  const uint64_t seed_;
  Entries live_;   // the oldest first
  Entries ended_;  // likewise, by their end
  Map exact_;      // by original and translated pair
  Map half_;
  uint32_t list_ = 0;

  TrackedSet plain_;  // not translated
  // Those that ended lately: since the last rotation and before it.
  TrackedSet recent_;
  TrackedSet earlier_;
  base::Timestamp rotated_{};
  bool left_out_ = false;  // plain_ was full

  uint64_t translated_ = 0;
  uint64_t forgotten_ = 0;
};

}  // namespace quaywatch::dedup
