// SPDX-License-Identifier: Apache-2.0
#include "capture/namespaces.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace quaywatch::capture {
namespace {

using model::NetnsInterface;

// The kernel lets us wait 10 to 25 ms for each ring opened or closed, but for several at once.
constexpr size_t kThreads = 8;
// Between attempts to open what could not be opened.
constexpr auto kFirstPause = std::chrono::milliseconds(500);
constexpr auto kLongestPause = std::chrono::minutes(1);

// Can the sensor's own namespace not see what passes it?
bool IsHidden(const NetnsInterface& interface) {
  if (interface.loopback) return true;
  // netkit(4) hands packets on without showing them at its other end.
  if (interface.kind == "netkit") return true;
  // What passes these passes one of their ports, too.
  if (interface.kind == "bridge" || interface.kind == "bond" || interface.kind == "team") return false;
  // The kernel shows its parent all of its traffic, also what stays on the machine (macvlan_queue_xmit).
  if (interface.kind == "macvlan" && interface.host_index != 0) return false;
  return !interface.peer_in_host;
}

// A ring takes two descriptors with its namespace's, and the usual limit is 1,024.
void RaiseFileLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::string WhyNotEntered(int error) {
  if (error == EPERM) return "not permitted: run as root or give the program CAP_SYS_ADMIN";
  return fmt::format("cannot be entered: {}", std::strerror(error));
}

}  // namespace

Namespaces::Namespaces(const NamespaceOptions& options)
    : options_(options), home_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
  RaiseFileLimit();
  for (size_t i = 0; i < kThreads; ++i) threads_.emplace_back([this] { Run(); });
}

void Namespaces::Start(std::vector<std::shared_ptr<Inbox>> inboxes) {
  const std::scoped_lock lock(mutex_);
  inboxes_ = std::move(inboxes);
  for (const auto& inbox : inboxes_) {
    inbox->give_back = [this](std::unique_ptr<Ring> ring) { TakeBack(std::move(ring)); };
  }
  for (const auto& [inode, space] : spaces_) Queue(space);
}

Namespaces::~Namespaces() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  work_.notify_all();
  threads_.clear();
  for (const auto& [inode, space] : spaces_) ::close(space->fd);
  Close(std::move(closing_));
  ::close(home_);
}

void Namespaces::OnAttached(uint32_t inode, int fd, const std::vector<NetnsInterface>& interfaces) {
  const std::scoped_lock lock(mutex_);
  if (spaces_.contains(inode)) return;
  if (spaces_.size() >= options_.max_namespaces) {
    ++over_limit_;
    return;
  }
  auto space = std::make_shared<Namespace>();
  space->inode = inode;
  space->fd = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  space->wanted = interfaces;
  spaces_[inode] = space;
  Queue(space);
}

void Namespaces::OnChanged(uint32_t inode, const std::vector<NetnsInterface>& interfaces) {
  const std::scoped_lock lock(mutex_);
  const auto found = spaces_.find(inode);
  if (found == spaces_.end()) return;
  found->second->wanted = interfaces;
  Queue(found->second);
}

void Namespaces::OnGone(uint32_t inode) {
  const std::scoped_lock lock(mutex_);
  const auto found = spaces_.find(inode);
  if (found == spaces_.end()) return;
  const NamespaceRef space = found->second;
  spaces_.erase(found);
  space->gone = true;
  for (const auto& [index, capture] : space->captures) End(capture);
  space->captures.clear();
  // Else whoever is inside closes it.
  if (!space->busy) ::close(std::exchange(space->fd, -1));
}

// With the lock held, as all below but Enter.
void Namespaces::Queue(const NamespaceRef& space) {
  if (inboxes_.empty() || std::exchange(space->queued, true)) return;
  queue_.push_back(space);
  work_.notify_one();
}

void Namespaces::End(const Capture& capture) {
  for (const Part& part : capture.parts) inboxes_[part.source]->End(part.ring_id);
}

void Namespaces::TakeBack(std::unique_ptr<Ring> ring) {
  const std::scoped_lock lock(mutex_);
  // Not asked for: its interface was removed, or failed. If it is still wanted then, it is tried again.
  if (const auto found = spaces_.find(ring->netns()); found != spaces_.end()) {
    Namespace& space = *found->second;
    const auto broken = std::ranges::find_if(space.captures, [&](const auto& entry) {
      const auto& parts = entry.second.parts;
      return std::ranges::find(parts, ring->id(), &Part::ring_id) != parts.end();
    });
    if (broken != space.captures.end()) {
      End(broken->second);
      space.captures.erase(broken);
      TryAgain(space);
    }
  }
  closing_.push_back(std::move(ring));
  work_.notify_one();
}

void Namespaces::Run() {
  ::prctl(PR_SET_NAME, "namespaces");
  std::unique_lock lock(mutex_);
  while (!stop_) {
    if (const NamespaceRef space = NextWork()) {
      Reconcile(space, lock);
    } else if (!closing_.empty()) {
      auto ring = std::move(closing_.back());
      closing_.pop_back();
      lock.unlock();
      ring.reset();
      lock.lock();
    } else {
      const auto soonest = std::ranges::min_element(spaces_, {}, [](const auto& entry) { return entry.second->retry; });
      if (soonest == spaces_.end() || soonest->second->retry == Clock::time_point::max()) {
        work_.wait(lock);
      } else {
        work_.wait_until(lock, soonest->second->retry);
      }
    }
  }
}

void Namespaces::TryAgain(Namespace& space) {
  space.pause = std::clamp<Clock::duration>(space.pause * 2, kFirstPause, kLongestPause);
  space.retry = Clock::now() + space.pause;
}

Namespaces::NamespaceRef Namespaces::NextWork() {
  const auto now = Clock::now();
  for (const auto& [inode, space] : spaces_) {
    if (space->retry <= now && !space->busy) Queue(space);
  }
  const auto found = std::ranges::find_if(queue_, [](const NamespaceRef& space) { return !space->busy; });
  if (found == queue_.end()) return nullptr;
  NamespaceRef space = *found;
  queue_.erase(found);
  space->queued = false;
  return space->gone ? NextWork() : space;
}

void Namespaces::Reconcile(const NamespaceRef& space, std::unique_lock<std::mutex>& lock) {
  EndUnwanted(*space);
  std::vector<NetnsInterface> missing;
  for (const NetnsInterface& interface : space->wanted) {
    if (!IsHidden(interface)) continue;
    const auto known = space->captures.find(interface.index);
    if (known != space->captures.end() && !known->second.parts.empty()) continue;
    if (space->captures.size() + missing.size() < options_.max_interfaces) missing.push_back(interface);
  }
  space->retry = Clock::time_point::max();
  if (missing.empty()) return;
  space->busy = true;
  const uint32_t ring_bytes = NextRingBytes();
  lock.unlock();
  auto opened = Enter(*space, missing, ring_bytes);
  lock.lock();
  space->busy = false;
  for (const NetnsInterface& interface : missing) {
    base::Result<Rings> rings = std::unexpected(opened ? base::Error{} : opened.error());
    if (opened) rings = std::move(opened->at(interface.index));
    HandOver(*space, interface, std::move(rings), ring_bytes);
  }
  if (space->gone) ::close(std::exchange(space->fd, -1));
  // Queued again meanwhile, when nobody could take it.
  if (space->queued) work_.notify_one();
}

void Namespaces::EndUnwanted(Namespace& space) {
  std::erase_if(space.captures, [&](const auto& entry) {
    const NetnsInterface& of = entry.second.interface;
    const bool wanted = std::ranges::any_of(space.wanted, [&](const NetnsInterface& now) {
      return now.index == of.index && now.kind == of.kind && IsHidden(now);
    });
    if (!wanted) End(entry.second);
    return !wanted;
  });
}

base::Result<std::map<uint32_t, base::Result<Namespaces::Rings>>> Namespaces::Enter(
    const Namespace& space, const std::vector<NetnsInterface>& missing, uint32_t ring_bytes) {
  if (::setns(space.fd, CLONE_NEWNET) != 0) return base::Fail(WhyNotEntered(errno));
  std::map<uint32_t, base::Result<Rings>> opened;
  for (const NetnsInterface& interface : missing) {
    const RingOptions options{.interface = static_cast<int>(interface.index),
                              .bytes = ring_bytes,
                              .netns = space.inode,
                              .name = interface.name};
    const auto count = interface.loopback ? 1u : static_cast<unsigned>(inboxes_.size());
    opened.emplace(interface.index, OpenRings(options, count));
  }
  // A thread inside would keep the namespace alive.
  ::setns(home_, CLONE_NEWNET);
  return opened;
}

void Namespaces::HandOver(Namespace& space, const NetnsInterface& interface, base::Result<Rings> rings,
                          uint32_t ring_bytes) {
  if (space.gone) {
    if (rings) std::ranges::move(*rings, std::back_inserter(closing_));
    return;
  }
  Capture& capture = space.captures[interface.index];
  capture = {.interface = interface, .parts = {}, .reason = {}};
  if (!rings) {
    capture.reason = rings.error().message;
    TryAgain(space);
    return;
  }
  const size_t first = interface.loopback ? space.inode % inboxes_.size() : 0;
  for (size_t i = 0; i < rings->size(); ++i) {
    std::unique_ptr<Ring>& ring = (*rings)[i];
    capture.parts.push_back({first + i, ring->id(), ring->account(), ring_bytes});
    inboxes_[first + i]->Add(std::move(ring));
  }
}

uint64_t Namespaces::RingBytesHeld() const {
  uint64_t held = 0;
  for (const auto& [inode, space] : spaces_) {
    for (const auto& [index, capture] : space->captures) {
      for (const Part& part : capture.parts) held += part.bytes;
    }
  }
  return held;
}

uint32_t Namespaces::NextRingBytes() const {
  constexpr uint64_t kShare = 16;
  const uint64_t left = options_.memory - std::min(RingBytesHeld(), options_.memory);
  return static_cast<uint32_t>(
      std::clamp<uint64_t>(left / kShare, options_.least_ring_bytes, options_.most_ring_bytes));
}

NamespaceCounters Namespaces::counters() const {
  const std::scoped_lock lock(mutex_);
  NamespaceCounters counters{.attached = spaces_.size(), .over_limit = over_limit_};
  for (const auto& [inode, space] : spaces_) {
    uint64_t rings = 0;
    for (const auto& [index, capture] : space->captures) {
      rings += capture.parts.size();
      uint64_t dropped = 0;
      for (const Part& part : capture.parts) dropped += *part.dropped;
      if (dropped > 0 && counters.losses.size() < NamespaceCounters::kMostListed) {
        counters.losses.push_back({inode, capture.interface.name, dropped});
      }
      if (capture.parts.empty() && counters.missed.size() < NamespaceCounters::kMostListed) {
        counters.missed.push_back({inode, capture.interface.name, capture.reason});
      }
    }
    counters.rings += rings;
    counters.captured += rings > 0;
  }
  counters.ring_bytes = RingBytesHeld();
  return counters;
}

}  // namespace quaywatch::capture
