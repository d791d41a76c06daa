// SPDX-License-Identifier: Apache-2.0
//
// How rings that are opened while packets flow reach the source that reads them, and go back to be closed.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "capture/ring.h"

namespace quaywatch::capture {

class Inbox {
 public:
  static base::Result<std::shared_ptr<Inbox>> Open();
  ~Inbox();
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  // ---- for whoever opens rings, from any thread
  // The source lets it receive, so that all it shows comes in order.
  void Add(std::unique_ptr<Ring> ring);
  // No more of it is wanted, but what it holds still is.
  void End(uint64_t ring_id);
  // Called in the source's thread with each ring it is done with. REQUIRES: set before the source is read.
  std::function<void(std::unique_ptr<Ring>)> give_back;

  // ---- for the source
  struct News {
    std::vector<std::unique_ptr<Ring>> added;
    std::vector<uint64_t> ended;
  };
  bool HasNews() const { return has_news_.load(std::memory_order_acquire); }
  News Take();
  // Readable while there are news.
  int fd() const { return fd_; }

 private:
  explicit Inbox(int fd) : fd_(fd) {}
  void Wake();

  const int fd_;
  std::atomic<bool> has_news_ = false;
  std::mutex mutex_;
  News news_;
};

}  // namespace quaywatch::capture
