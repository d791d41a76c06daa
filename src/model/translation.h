// SPDX-License-Identifier: Apache-2.0
//
// A connection whose addresses the kernel rewrites on its way (NAT).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "base/time.h"
#include "model/ids.h"

namespace quaywatch::model {

// One connection has up to four pairs of addresses on its way through a machine, because source and destination
// are rewritten at different places. All of them are flows of their own to whoever only looks at packets.
//
//   original    as the originator sends it         pod → service address
//   translated  as the responder receives it       node → pod behind it
//
// Made from conntrack; shared by the workers that see a part of it.
struct Translation {
  FlowId original;
  FlowId translated;
  uint8_t ip_proto = 0;
  base::Timestamp since{};  // when the kernel told, or the sensor's start

  // A record is written once: by the flow with the original addresses if these can be seen, else by the first
  // flow that claims it.
  std::atomic<bool> claimed = false;
  // A flow with the original addresses was seen: others need not fear for the record.
  std::atomic<bool> original_seen = false;
  // The kernel has let go of it: the addresses may be another connection's by now.
  std::atomic<bool> ended = false;
  // Where flows other than the recorded one were seen, filled in as they appear, so that the record counts
  // their interfaces: values as Sightings::Point; 0: free.
  static constexpr size_t kMaxPoints = 12;
  std::atomic<uint64_t> points[kMaxPoints] = {};

  void AddPoint(uint64_t point) {
    for (auto& slot : points) {
      uint64_t held = 0;
      if (slot.compare_exchange_strong(held, point) || held == point) return;
    }
  }
};

using TranslationRef = std::shared_ptr<Translation>;

}  // namespace quaywatch::model
