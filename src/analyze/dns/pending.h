// SPDX-License-Identifier: Apache-2.0
//
// Questions that wait for their answers (or the reverse), in order under each transaction number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "analyze/dns/record.h"

namespace quaywatch::analyze::dns {

struct Transaction {
  DnsRecord record;
  bool saw_query = false;
  bool saw_reply = false;
  size_t answer_bytes = 0;
};

// When a limit is reached, those that wait are let go, on the assumption that nothing will come for them:
// Zeek's rules, and a limit of ours to the memory that answers without question may take.
class Pending {
 public:
  static constexpr size_t kMaxIds = 50;
  static constexpr size_t kMaxPerId = 50;
  static constexpr size_t kMaxAnswerBytes = 1 << 20;

  // Adds the last of its number. The ones that have to go for it are appended to `dropped`.
  void Put(std::unique_ptr<Transaction> transaction, std::vector<std::unique_ptr<Transaction>>& dropped);
  // The first of this number, nullptr if there is none.
  std::unique_ptr<Transaction> Pop(uint16_t id);
  // The first of any number, nullptr if there is none.
  std::unique_ptr<Transaction> PopAny();
  void DropAll(std::vector<std::unique_ptr<Transaction>>& dropped);
  bool empty() const { return queues_.empty(); }
  // A transaction that waits here has one more answer.
  void Grow(Transaction& waiting, size_t bytes) {
    waiting.answer_bytes += bytes;
    answer_bytes_ += bytes;
  }

 private:
  struct Queue {
    uint16_t id;
    std::vector<std::unique_ptr<Transaction>> waiting;  // never empty
  };
  std::unique_ptr<Transaction> PopFrom(size_t index);

  std::vector<Queue> queues_;
  size_t answer_bytes_ = 0;
};

}  // namespace quaywatch::analyze::dns
