// SPDX-License-Identifier: Apache-2.0
//
// The connections that a helper program accepts for one container's port and those that it opens for them, in the
// order of their time: which belong together.
//
// The helper opens a second connection as soon as it has accepted a first. So a second that begins while exactly one
// first waits for its own is that one's. Once several wait, nothing is certain until none waits any more. A second
// for which nobody waits is a stranger's, or one before it was: then what was linked shortly before it is not certain
// either.
#pragma once

#include <deque>
#include <unordered_map>

#include "base/hash.h"
#include "base/time.h"
#include "model/ids.h"

namespace quaywatch::dedup {

struct UidHash {
  size_t operator()(const model::Uid& uid) const { return base::Hash64(uid.view()); }
};

class ProxyOrder {
 public:
  // A second connection comes at most this long after its first.
  static constexpr base::Duration kDelay = std::chrono::seconds(1);
  // Events may be told this much out of order.
  static constexpr base::Duration kSettle = std::chrono::seconds(1);

  // The begin of a first and of a second connection, with the time of their first packets.
  void Accepted(const model::Uid& uid, base::Timestamp start) { Insert({start, Kind::kAccepted, uid}); }
  void Opened(const model::Uid& uid, base::Timestamp start) { Insert({start, Kind::kOpened, uid}); }
  // Either is over.
  void Ended(const model::Uid& uid, base::Timestamp at);
  // It was no connection of the helper's.
  void Exclude(const model::Uid& uid);

  // Its counterpart, where that is certain by `now`; else empty.
  model::Uid LinkOf(const model::Uid& uid, base::Timestamp now);

 private:
  enum class Kind : uint8_t { kAccepted, kOpened, kEnded };
  struct Event {
    base::Timestamp at;
    Kind kind;
    model::Uid uid;
  };
  struct Link {
    model::Uid peer;
    base::Timestamp at;
  };
  struct Pair {
    model::Uid first, second;
    base::Timestamp at;
  };

  void Insert(const Event& event);
  void Process(base::Timestamp until);
  void Open(const model::Uid& second, base::Timestamp at);
  void StopWaiting(const model::Uid& first);
  void Unlink(const Pair& pair);

  std::deque<Event> events_;  // those not yet gone through, in order
  struct First {
    model::Uid uid;
    base::Timestamp start;
  };
  std::deque<First> waiting_;
  bool uncertain_ = false;
  std::deque<Pair> recent_;  // linked within kDelay
  std::unordered_map<model::Uid, Link, UidHash> links_;
};

}  // namespace quaywatch::dedup
