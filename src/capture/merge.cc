// SPDX-License-Identifier: Apache-2.0
#include "capture/merge.h"

#include <algorithm>
#include <ctime>
#include <limits>
#include <utility>

namespace quaywatch::capture {
namespace {

// How much older than the look that finds its ring empty a packet's time may be.
constexpr int64_t kSlack = 1'000'000;
constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

int64_t WallClock() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

void Merge::Add(std::unique_ptr<Ring> ring) {
  lanes_.push_back(std::make_unique<Lane>(Lane{.ring = std::move(ring), .time = WallClock() - kSlack}));
  safe_ = std::min(safe_, lanes_.back()->time);
  limit_ = 0;
}

void Merge::End(uint64_t ring_id) {
  const auto found = std::ranges::find_if(lanes_, [&](const auto& lane) { return lane->ring->id() == ring_id; });
  if (found != lanes_.end()) (*found)->ended = true;
}

std::vector<std::unique_ptr<Ring>> Merge::TakeEnded() { return std::exchange(ended_, {}); }

std::vector<std::unique_ptr<Ring>> Merge::TakeAll() {
  std::vector<std::unique_ptr<Ring>> rings = TakeEnded();
  for (auto& lane : lanes_) rings.push_back(std::move(lane->ring));
  return rings;
}

// The current lane has no more to say for now.
tpacket3_hdr* Merge::Change() {
  if (Lane* const lane = std::exchange(current_, nullptr)) {
    if (lane->head != nullptr) {
      Push(*lane);
    } else if (lane->ring->IsPending()) {
      safe_ = std::min(safe_, lane->time);
    }
  }
  return Choose();
}

tpacket3_hdr* Merge::Choose() {
  if (waiting_.empty() || waiting_.front()->time > safe_) Look();
  if (waiting_.empty()) return nullptr;
  int64_t limit = lanes_.size() == 1 ? kNever : safe_;
  if (waiting_.front()->time > limit) {
    // Of the future: the clock was set back, and no order is left to keep.
    const bool future = waiting_.front()->time > looked_;
    if (!future && !waiting_.front()->ring->IsHalfFull()) return nullptr;
    limit = waiting_.front()->time + kSlack;
  }
  current_ = &Pop();
  limit_ = waiting_.empty() ? limit : std::min(limit, waiting_.front()->time);
  return current_->head;
}

void Merge::Look() {
  // Before the rings are asked: whatever shows up in them afterwards is younger.
  looked_ = WallClock();
  safe_ = looked_ - kSlack;
  std::erase_if(lanes_, [this](std::unique_ptr<Lane>& lane) {
    if (lane->head != nullptr) return false;
    Advance(*lane);
    if (lane->head != nullptr) {
      Push(*lane);
    } else if (lane->ring->IsPending()) {
      safe_ = std::min(safe_, lane->time);
    } else if (lane->ended) {
      ended_.push_back(std::move(lane->ring));
      return true;
    } else {
      lane->time = looked_ - kSlack;
    }
    return false;
  });
}

void Merge::Push(Lane& lane) {
  waiting_.push_back(&lane);
  std::ranges::push_heap(waiting_, std::ranges::greater(), &Lane::time);
}

Merge::Lane& Merge::Pop() {
  std::ranges::pop_heap(waiting_, std::ranges::greater(), &Lane::time);
  Lane& lane = *waiting_.back();
  waiting_.pop_back();
  return lane;
}

}  // namespace quaywatch::capture
