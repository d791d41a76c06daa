// SPDX-License-Identifier: Apache-2.0
//
// What the kernel's connection tracking (conntrack) says about address translation: the connections whose
// addresses are rewritten, found by any of the address pairs they have on their way.
//
// Source: ctnetlink (linux/netfilter/nfnetlink_conntrack.h), of the network namespace this was opened in: a dump
// at the start, then events. The kernel tells of a connection before its first packet leaves the machine, so
// that after CatchUp(packet time) every translated packet up to then finds its translation. It stays findable for
// kLinger after the kernel forgot it, for packets that waited to be looked at.
//
// Where net.netfilter.nf_conntrack_events is 2 (automatic, the kernel's default), the end of connections from
// before the start is not told: they stay until others take their addresses or their room.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "base/time.h"
#include "model/ids.h"
#include "model/translation.h"

namespace quaywatch::dedup {

struct TranslationOptions {
  // Translated connections remembered, at about 0.6 KB each; over it the oldest are forgotten and counted.
  size_t max_entries = 262'144;
  // Other connections of which is remembered that they are tracked, at 16 bytes each. Over it all count as tracked.
  size_t max_tracked = 1'048'576;
  // Room for events between two looks. Over it the kernel drops events; we dump anew and count that.
  uint32_t socket_bytes = 16u << 20;
};

struct TranslationCounters {
  uint64_t events = 0;
  uint64_t translated = 0;  // connections with a translation, since the start
  uint64_t live = 0;        // of them held now
  uint64_t forgotten = 0;   // over max_entries
  uint64_t overruns = 0;    // the kernel dropped events; all was dumped anew
  uint64_t tracked = 0;     // connections without a translation known now
};

// Thread-safe: workers ask it once or twice per new flow, under a lock held for less than a microsecond, and
// whoever finds it behind reads the events for all.
class Translations {
 public:
  static constexpr base::Duration kLinger = std::chrono::seconds(5);

  // Fails with a line for a person: no CAP_NET_ADMIN, a kernel without conntrack events.
  static base::Result<std::unique_ptr<Translations>> Open(const TranslationOptions& options);
  ~Translations();
  Translations(const Translations&) = delete;
  Translations& operator=(const Translations&) = delete;

  enum class Form : uint8_t {
    kNone,        // not translated, or (at a connection's very first packet) not yet
    kOriginal,    // the pair asked for is as the originator sends it
    kTranslated,  // one of the others
  };
  // Who opened the connection.
  enum class Way : uint8_t {
    kUnknown,
    kForward,  // the originator of the id asked for
    kReverse,  // its responder
  };
  struct Found {
    Form form = Form::kNone;
    model::TranslationRef translation;  // null for kNone
    bool tracked = false;               // conntrack knows the connection, or too many to tell
    Way way = Way::kUnknown;
  };

  // All that the kernel told until `at` is read first. `id`: either direction of the flow, as seen.
  Found Find(const model::FlowId& id, uint8_t ip_proto, base::Timestamp at);

  // Reads events that are waiting and, after an overrun, dumps anew, which needs CAP_NET_ADMIN in the calling thread
  // (Find never does): to be called a few times a second.
  void CatchUp(base::Timestamp now);

  TranslationCounters counters() const;

 private:
  class Impl;
  explicit Translations(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace quaywatch::dedup
