// SPDX-License-Identifier: Apache-2.0
//
// A bounded queue between two threads: one pushes, one pops, either waits when it must.
#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace quaywatch::base {

template <typename T>
class Ring {
 public:
  // REQUIRES: capacity is a power of two.
  explicit Ring(size_t capacity) : slots_(capacity), mask_(capacity - 1) {}

  // Waits for room.
  void Push(T value) {
    const size_t tail = tail_.load(std::memory_order_relaxed);
    size_t head = head_.load(std::memory_order_acquire);
    while (tail - head > mask_) {
      head_.wait(head, std::memory_order_acquire);
      head = head_.load(std::memory_order_acquire);
    }
    slots_[tail & mask_] = std::move(value);
    tail_.store(tail + 1, std::memory_order_release);
    tail_.notify_one();
  }

  // Waits for a value.
  T Pop() {
    const size_t head = head_.load(std::memory_order_relaxed);
    while (tail_.load(std::memory_order_acquire) == head) tail_.wait(head, std::memory_order_acquire);
    T value = std::move(slots_[head & mask_]);
    head_.store(head + 1, std::memory_order_release);
    head_.notify_one();
    return value;
  }

  // Nothing if there is none.
  std::optional<T> TryPop() {
    if (tail_.load(std::memory_order_acquire) == head_.load(std::memory_order_relaxed)) return std::nullopt;
    return Pop();
  }

 private:
  std::vector<T> slots_;
  const size_t mask_;
  alignas(64) std::atomic<size_t> head_{0};
  alignas(64) std::atomic<size_t> tail_{0};
};

}  // namespace quaywatch::base
