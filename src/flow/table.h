// SPDX-License-Identifier: Apache-2.0
//
// All live flows of one worker: found by key, and forgotten when nothing came for too long. A flow belongs
// to one table for life; pointers to it are valid until it is given to the FlowEnd callback.
//
// Memory: about 600 bytes a TCP flow, 300 others, plus 16 per slot of the index. The number of flows is
// limited; over the limit those nearest to their timeout end first (under a flood these are the unanswered
// ones) and are counted.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "flow/flow.h"

namespace quaywatch::flow {

struct TableOptions {
  size_t max_flows = 1'000'000;
  uint64_t hash_seed = 0;  // unknown to senders, so that they can't aim at one slot
};

struct TableCounters {
  uint64_t created = 0;
  uint64_t evicted = 0;  // ended early because of max_flows
  uint64_t live = 0;
  uint64_t live_peak = 0;
};

class Table {
 public:
  // Called for each flow that ends, before it is destroyed. `now`: the packet time at which it ended.
  using FlowEnd = std::function<void(Flow&, base::Timestamp now)>;

  Table(const TableOptions& options, FlowEnd on_end);
  ~Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  // nullptr if there is none, or if it was over before `now` (and was ended by this call).
  Flow* Find(const FlowKey& key, uint64_t hash, base::Timestamp now);
  // Makes an empty flow. REQUIRES: Find() of the same key just returned nullptr.
  Flow& Insert(const FlowKey& key, uint64_t hash);
  // Must be called after `deadline` was moved, and once after Insert.
  void Touch(Flow& flow);
  // Ends the flow.
  void Remove(Flow& flow, base::Timestamp now);

  // Ends all flows whose deadline is at or before `now`. Cheap when nothing is due.
  void Expire(base::Timestamp now);
  // Ends all flows, in the order of their start.
  void Clear(base::Timestamp now);

  // Ends `count` flows, those nearest to their timeout first, and counts them as evicted.
  void Evict(size_t count);

  uint64_t Hash(const FlowKey& key) const { return key.Hash(options_.hash_seed); }
  const TableCounters& counters() const { return counters_; }

 private:
  struct Slot {
    uint64_t hash = 0;
    Flow* flow = nullptr;
  };
  static constexpr size_t kWheelSlots = 1024;
  static constexpr base::Duration kWheelTick = std::chrono::milliseconds(500);

  void Grow();
  void Turn(int64_t tick);
  void Link(Flow& flow);
  static void LinkAt(Flow** link, Flow& flow);
  void Sort(Flow*& slot);
  static void Unlink(Flow& flow);
  void EvictOne();
  size_t WheelSlot(base::Timestamp time) const;

  TableOptions options_;
  FlowEnd on_end_;
  std::vector<Slot> slots_;
  size_t mask_ = 0;
  std::vector<Flow*> wheel_;
  int64_t wheel_tick_ = 0;     // the current tick; all before it were looked at
  std::vector<Flow*> sorted_;  // used by Sort() only
  base::Timestamp now_{};
  TableCounters counters_;
};

}  // namespace quaywatch::flow
