// SPDX-License-Identifier: Apache-2.0
#include "analyze/dns/pending.h"

#include <algorithm>
#include <iterator>

namespace quaywatch::analyze::dns {
namespace {

using Transactions = std::vector<std::unique_ptr<Transaction>>;

void MoveAll(Transactions& from, Transactions& to) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
  from.clear();
}

}  // namespace

void Pending::Put(std::unique_ptr<Transaction> transaction, Transactions& dropped) {
  const uint16_t id = transaction->record.trans_id;
  if (answer_bytes_ > kMaxAnswerBytes) DropAll(dropped);
  auto queue = std::find_if(queues_.begin(), queues_.end(), [&](const Queue& q) { return q.id == id; });
  if (queue == queues_.end()) {
    if (queues_.size() > kMaxIds) DropAll(dropped);
    queue = queues_.insert(queues_.end(), Queue{id, {}});
  } else if (queue->waiting.size() > kMaxPerId) {
    for (const auto& waiting : queue->waiting) answer_bytes_ -= waiting->answer_bytes;
    MoveAll(queue->waiting, dropped);
  }
  queue->waiting.push_back(std::move(transaction));
}

std::unique_ptr<Transaction> Pending::Pop(uint16_t id) {
  const auto queue = std::find_if(queues_.begin(), queues_.end(), [&](const Queue& q) { return q.id == id; });
  return queue == queues_.end() ? nullptr : PopFrom(static_cast<size_t>(queue - queues_.begin()));
}

std::unique_ptr<Transaction> Pending::PopAny() { return queues_.empty() ? nullptr : PopFrom(0); }

void Pending::DropAll(Transactions& dropped) {
  for (Queue& queue : queues_) MoveAll(queue.waiting, dropped);
  queues_.clear();
  answer_bytes_ = 0;
}

std::unique_ptr<Transaction> Pending::PopFrom(size_t index) {
  Transactions& waiting = queues_[index].waiting;
  std::unique_ptr<Transaction> first = std::move(waiting.front());
  waiting.erase(waiting.begin());
  answer_bytes_ -= first->answer_bytes;
  if (waiting.empty()) queues_.erase(queues_.begin() + static_cast<ptrdiff_t>(index));
  return first;
}

}  // namespace quaywatch::analyze::dns
