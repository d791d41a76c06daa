// SPDX-License-Identifier: Apache-2.0
#include "capture/inbox.h"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace quaywatch::capture {

base::Result<std::shared_ptr<Inbox>> Inbox::Open() {
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) return base::Fail(fmt::format("cannot prepare live capture: {}", std::strerror(errno)));
  return std::shared_ptr<Inbox>(new Inbox(fd));
}

Inbox::~Inbox() {
  Close(std::move(news_.added));
  ::close(fd_);
}

void Inbox::Add(std::unique_ptr<Ring> ring) {
  const std::scoped_lock lock(mutex_);
  news_.added.push_back(std::move(ring));
  Wake();
}

void Inbox::End(uint64_t ring_id) {
  const std::scoped_lock lock(mutex_);
  news_.ended.push_back(ring_id);
  Wake();
}

void Inbox::Wake() {
  has_news_.store(true, std::memory_order_release);
  ::eventfd_write(fd_, 1);
}

Inbox::News Inbox::Take() {
  const std::scoped_lock lock(mutex_);
  has_news_.store(false, std::memory_order_release);
  eventfd_t count = 0;
  ::eventfd_read(fd_, &count);
  return std::exchange(news_, {});
}

}  // namespace quaywatch::capture
