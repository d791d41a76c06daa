// SPDX-License-Identifier: Apache-2.0
#include "flow/table.h"

#include <algorithm>
#include <cassert>
#include <functional>

namespace quaywatch::flow {

Table::Table(const TableOptions& options, FlowEnd on_end)
    : options_(options), on_end_(std::move(on_end)), slots_(1024), mask_(1023), wheel_(kWheelSlots) {}

Table::~Table() {
  for (Slot& slot : slots_) delete slot.flow;
}

Flow* Table::Find(const FlowKey& key, uint64_t hash, base::Timestamp now) {
  for (size_t at = hash & mask_; slots_[at].flow != nullptr; at = (at + 1) & mask_) {
    if (slots_[at].hash != hash || slots_[at].flow->key != key) continue;
    Flow& flow = *slots_[at].flow;
    if (flow.deadline > now) return &flow;
    Remove(flow, flow.deadline);
    return nullptr;
  }
  return nullptr;
}

Flow& Table::Insert(const FlowKey& key, uint64_t hash) {
  if (counters_.live >= options_.max_flows) EvictOne();
  if ((counters_.live + 1) * 2 > slots_.size()) Grow();
  size_t at = hash & mask_;
  while (slots_[at].flow != nullptr) at = (at + 1) & mask_;
  auto* flow = new Flow;
  flow->key = key;
  slots_[at] = {hash, flow};
  ++counters_.created;
  ++counters_.live;
  counters_.live_peak = std::max(counters_.live_peak, counters_.live);
  return *flow;
}

void Table::Grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  mask_ = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.flow == nullptr) continue;
    size_t at = slot.hash & mask_;
    while (slots_[at].flow != nullptr) at = (at + 1) & mask_;
    slots_[at] = slot;
  }
}

void Table::Remove(Flow& flow, base::Timestamp now) {
  on_end_(flow, now);
  Unlink(flow);
  const uint64_t hash = Hash(flow.key);
  size_t at = hash & mask_;
  while (slots_[at].flow != &flow) at = (at + 1) & mask_;
  delete slots_[at].flow;
  // Close the gap, so that no search stops short of what lies behind it.
  size_t hole = at;
  for (size_t next = (at + 1) & mask_; slots_[next].flow != nullptr; next = (next + 1) & mask_) {
    const size_t home = slots_[next].hash & mask_;
    if (((next - home) & mask_) >= ((next - hole) & mask_)) {
      slots_[hole] = slots_[next];
      hole = next;
    }
  }
  slots_[hole] = {};
  --counters_.live;
}

size_t Table::WheelSlot(base::Timestamp time) const {
  return static_cast<size_t>(time.time_since_epoch() / kWheelTick) % kWheelSlots;
}

// A flow stands in the wheel at the deadline it had when it was put there; a later one is found out when
// that slot comes up, so that a packet costs no list operation.
void Table::Link(Flow& flow) {
  // Nothing stands in the past, where it would be seen only after a whole turn.
  const size_t slot = WheelSlot(std::max(flow.deadline, base::Timestamp(kWheelTick * wheel_tick_)));
  Flow** link = &wheel_[slot];
  // The current slot is in order. Hardly anything is due so soon.
  if (slot == static_cast<size_t>(wheel_tick_) % kWheelSlots) {
    while (*link != nullptr && (*link)->linked_deadline < flow.deadline) link = &(*link)->timer_next;
  }
  LinkAt(link, flow);
}

void Table::LinkAt(Flow** link, Flow& flow) {
  flow.timer_next = *link;
  if (*link != nullptr) (*link)->timer_link = &flow.timer_next;
  flow.timer_link = link;
  *link = &flow;
}

// Puts a slot's flows in the order of the deadlines they were linked with.
void Table::Sort(Flow*& slot) {
  sorted_.clear();
  for (Flow* flow = slot; flow != nullptr; flow = flow->timer_next) sorted_.push_back(flow);
  std::ranges::sort(sorted_, std::greater(), &Flow::linked_deadline);
  slot = nullptr;
  for (Flow* flow : sorted_) LinkAt(&slot, *flow);
}

void Table::Unlink(Flow& flow) {
  if (flow.timer_link == nullptr) return;
  *flow.timer_link = flow.timer_next;
  if (flow.timer_next != nullptr) flow.timer_next->timer_link = flow.timer_link;
  flow.timer_link = nullptr;
}

void Table::Touch(Flow& flow) {
  // A deadline that moved closer (a connection closed) must not wait for the slot of the old one.
  if (flow.timer_link == nullptr) {
    Link(flow);
  } else if (flow.deadline < flow.linked_deadline) {
    Unlink(flow);
    Link(flow);
  } else {
    return;
  }
  flow.linked_deadline = flow.deadline;
}

void Table::Expire(base::Timestamp now) {
  now_ = std::max(now_, now);
  const int64_t tick = now_.time_since_epoch() / kWheelTick;
  if (tick > wheel_tick_) Turn(tick);
  Flow*& due = wheel_[static_cast<size_t>(wheel_tick_) % kWheelSlots];
  while (due != nullptr && due->linked_deadline <= now_) {
    Flow& flow = *due;
    if (flow.deadline <= now_) {
      Remove(flow, flow.deadline);
    } else {
      Unlink(flow);
      Touch(flow);
    }
  }
}

// Ends what is due of all slots before `tick`'s, which is then the current one.
void Table::Turn(int64_t tick) {
  // After a long silence each slot needs one look only.
  wheel_tick_ = std::max(wheel_tick_, tick - static_cast<int64_t>(kWheelSlots));
  while (wheel_tick_ < tick) {
    Flow* list = wheel_[static_cast<size_t>(wheel_tick_) % kWheelSlots];
    wheel_[static_cast<size_t>(wheel_tick_) % kWheelSlots] = nullptr;
    ++wheel_tick_;
    while (list != nullptr) {
      Flow* flow = list;
      list = flow->timer_next;
      flow->timer_link = nullptr;
      if (flow->deadline <= now_) {
        Remove(*flow, flow->deadline);
      } else {
        Touch(*flow);
      }
    }
  }
  Sort(wheel_[static_cast<size_t>(tick) % kWheelSlots]);
}

void Table::EvictOne() {
  for (size_t looked = 0; looked < kWheelSlots; ++looked) {
    Flow*& head = wheel_[(static_cast<size_t>(wheel_tick_) + looked) % kWheelSlots];
    while (head != nullptr) {
      Flow& flow = *head;
      if (WheelSlot(flow.deadline) == WheelSlot(flow.linked_deadline)) {
        ++counters_.evicted;
        Remove(flow, now_);
        return;
      }
      Unlink(flow);
      Touch(flow);
    }
  }
}

void Table::Evict(size_t count) {
  for (; count > 0 && counters_.live > 0; --count) EvictOne();
}

void Table::Clear(base::Timestamp now) {
  std::vector<Flow*> all;
  all.reserve(counters_.live);
  for (Slot& slot : slots_) {
    if (slot.flow != nullptr) all.push_back(slot.flow);
  }
  std::sort(all.begin(), all.end(), [](const Flow* a, const Flow* b) {
    return a->start != b->start ? a->start < b->start : a->uid.view() < b->uid.view();
  });
  for (Flow* flow : all) Remove(*flow, now);
}

}  // namespace quaywatch::flow
