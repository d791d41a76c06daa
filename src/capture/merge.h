// SPDX-License-Identifier: Apache-2.0
//
// The frames of several rings in the order of the kernel's timestamps: the two directions of a flow may be seen
// on different rings.
//
// A frame is handed out when no other ring can show an older one any more. A ring that has nothing for us may
// still hold packets in a block that the kernel has not handed over, but says so (Ring::IsPending); if it holds
// none, what comes later is younger than this look. So frames wait only while another ring's block fills, at
// most 20 ms, and no order rests on a timer being on time. The times themselves are trusted to a millisecond: the
// kernel takes them in the socket, or, when somebody on the machine asked for it, before its softirq.
//
// Nothing waits with one ring, nor in a ring that is half full: a late frame is better than a lost one. Within
// one ring the kernel's order stays (processors may cross each other there by microseconds).
#pragma once

#include <linux/if_packet.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "capture/ring.h"

namespace quaywatch::capture {

class Merge {
 public:
  void Add(std::unique_ptr<Ring> ring);
  // It gets no more packets: once what it holds was handed out, it is among TakeEnded(). Unknown: ignored.
  void End(uint64_t ring_id);
  bool HasEnded() const { return !ended_.empty(); }
  std::vector<std::unique_ptr<Ring>> TakeEnded();
  // All, and what they hold is lost. Nothing may be asked afterwards.
  std::vector<std::unique_ptr<Ring>> TakeAll();

  // The next frame, ours until the next call; nullptr if there is none, or none that may go already.
  tpacket3_hdr* Next() {
    if (current_ != nullptr) [[likely]] {
      Advance(*current_);
      if (current_->head != nullptr && current_->time <= limit_) [[likely]]
        return current_->head;
    }
    return Change();
  }
  // The one that holds what Next handed out.
  const Ring& ring() const { return *current_->ring; }
  // After Next handed out nothing: it has frames that must wait for other rings.
  bool HoldsBack() const { return !waiting_.empty(); }

  bool empty() const { return lanes_.empty(); }
  // All of them in turn.
  template <typename Function>
  void ForEach(Function function) const {
    for (const auto& lane : lanes_) function(*lane->ring);
  }

 private:
  // Times are Unix nanoseconds.
  struct Lane {
    std::unique_ptr<Ring> ring;
    tpacket3_hdr* head = nullptr;  // not handed out yet, unless it is the current lane's
    int64_t time = 0;              // of the head; without one: nothing older can come
    bool ended = false;
  };

  static void Advance(Lane& lane) {
    lane.head = lane.ring->Next();
    if (lane.head != nullptr) lane.time = int64_t{lane.head->tp_sec} * 1'000'000'000 + lane.head->tp_nsec;
  }
  tpacket3_hdr* Change();
  tpacket3_hdr* Choose();
  void Look();
  void Push(Lane& lane);
  Lane& Pop();

  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<Lane*> waiting_;  // those with a head but the current one; a heap, the oldest head in front
  Lane* current_ = nullptr;     // what Next handed out last is its
  int64_t limit_ = 0;           // frames of the current lane up to this time precede all others
  int64_t safe_ = 0;            // lanes without a head will show nothing up to this time
  int64_t looked_ = 0;          // when Look was last there
  std::vector<std::unique_ptr<Ring>> ended_;
};

}  // namespace quaywatch::capture
