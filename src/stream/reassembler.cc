// SPDX-License-Identifier: Apache-2.0
#include "stream/reassembler.h"

#include <algorithm>

namespace quaywatch::stream {

Reassembler::~Reassembler() {
  if (budget_ != nullptr) budget_->used -= buffered_;
}

void Reassembler::Data(uint64_t seq, base::Bytes payload, const SideView& side, Budget& budget, StreamSink& sink) {
  if (given_up_) return;
  const uint64_t end = seq + payload.size();
  // What was acknowledged was delivered, or is a hole that nobody waits for any more.
  const uint64_t old = std::max(side.relative_ack, trimmed_);
  if (end <= old) return;
  if (seq < old) {
    payload = payload.subspan(old - seq);
    seq = old;
  }
  if (end > next_) {
    if (seq <= next_) {
      payload = payload.subspan(next_ - seq);
      // The common case: in order, nothing waiting; no copy.
      if (blocks_.empty()) {
        next_ = end;
        held_ = end;
        sink.OnBytes(payload);
      } else {
        Insert(next_, payload, budget);
        DeliverReady(budget, sink);
      }
    } else {
      Insert(seq, payload, budget);
    }
  }
  // Nobody seems to acknowledge: then there is no point in waiting.
  if (side.no_data_acked && side.size > kMaxInitialWindow && seq <= next_) trimmed_ = std::max(trimmed_, next_);

  const uint64_t last = blocks_.empty() ? next_ : blocks_.back().end();
  if (side.no_data_acked && last - next_ > kMaxAboveHoleUnacked && !blocks_.empty()) {
    sink.OnStreamWeird("above_hole_data_without_any_acks");
    GiveUp(budget);
  } else if (held_ - std::min(held_, trimmed_) + buffered_ > kMaxUnacked) {
    sink.OnStreamWeird("excessive_data_without_further_acks");
    GiveUp(budget);
  } else if (buffered_ > kMaxBuffered || blocks_.size() > kMaxBlocks || budget.used > budget.limit) {
    sink.OnStreamWeird("reassembly_memory_exceeded");
    ++budget.given_up;
    GiveUp(budget);
  }
}

void Reassembler::Insert(uint64_t seq, base::Bytes payload, Budget& budget) {
  budget_ = &budget;
  // Keep what is there; fill the spaces between.
  auto at = std::upper_bound(blocks_.begin(), blocks_.end(), seq,
                             [](uint64_t s, const Block& block) { return s < block.end(); });
  while (!payload.empty()) {
    const uint64_t space = at == blocks_.end() ? payload.size() : at->seq > seq ? at->seq - seq : 0;
    const size_t count = static_cast<size_t>(std::min<uint64_t>(space, payload.size()));
    if (count > 0) {
      // What follows on a kept block makes it longer, so that one hole costs one block.
      if (at != blocks_.begin() && std::prev(at)->end() == seq) {
        std::prev(at)->bytes.insert(std::prev(at)->bytes.end(), payload.begin(),
                                    payload.begin() + static_cast<ptrdiff_t>(count));
        buffered_ += count;
        budget.used += count;
        seq += count;
        payload = payload.subspan(count);
        continue;
      }
      at = blocks_.insert(at, Block{seq, {payload.begin(), payload.begin() + static_cast<ptrdiff_t>(count)}});
      buffered_ += count;
      budget.used += count;
    }
    const uint64_t skip = at == blocks_.end() ? count : at->end() - seq;
    if (skip >= payload.size()) return;
    payload = payload.subspan(static_cast<size_t>(skip));
    seq += skip;
    ++at;
  }
}

void Reassembler::DeliverReady(Budget& budget, StreamSink& sink) {
  size_t ready = 0;
  for (; ready < blocks_.size() && blocks_[ready].seq <= next_; ++ready) {
    const Block& block = blocks_[ready];
    if (block.end() <= next_) continue;
    const base::Bytes bytes = base::Bytes(block.bytes).subspan(next_ - block.seq);
    next_ = block.end();
    held_ = next_;
    sink.OnBytes(bytes);
  }
  for (size_t i = 0; i < ready; ++i) {
    buffered_ -= blocks_[i].bytes.size();
    budget.used -= blocks_[i].bytes.size();
  }
  blocks_.erase(blocks_.begin(), blocks_.begin() + static_cast<ptrdiff_t>(ready));
}

void Reassembler::GiveUp(Budget& budget) {
  budget.used -= buffered_;
  buffered_ = 0;
  blocks_.clear();
  held_ = trimmed_;
  given_up_ = true;
}

void Reassembler::Ack(uint64_t ack, const SideView& side, Budget& budget, StreamSink& sink) {
  if (side.has_fin && ack >= side.fin_seq) ack = side.fin_seq - 1;
  if (ack <= trimmed_) return;
  if (ack > next_) Undelivered(ack, side, budget, sink);
  trimmed_ = ack;
  DeliverReady(budget, sink);
}

void Reassembler::Undelivered(uint64_t up_to, const SideView& side, Budget& budget, StreamSink& sink) {
  // The numbers of a connection without a SYN are a guess that may be off by the SYN or a keep-alive's byte.
  if (up_to <= 2 && side.is_partial) return;
  if (!given_up_) {
    while (!blocks_.empty() && blocks_.front().seq < up_to) {
      if (blocks_.front().seq > next_) {
        const uint64_t hole = blocks_.front().seq - next_;
        next_ += hole;
        sink.OnHole(hole);
      }
      DeliverReady(budget, sink);
    }
    if (up_to > next_) {
      const uint64_t hole = up_to - next_;
      next_ = up_to;
      sink.OnHole(hole);
    }
  }
  next_ = std::max(next_, up_to);
  held_ = std::max(held_, next_);
}

}  // namespace quaywatch::stream
