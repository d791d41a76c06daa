// SPDX-License-Identifier: Apache-2.0
//
// Captures in the network namespaces of workloads what the sensor's own namespace cannot see: their loopback
// interface and every interface whose other end lies elsewhere (ipvlan, SR-IOV functions, tunnels, a veth to
// another namespace). A macvlan is left out if its parent is the sensor's: the parent shows all of its packets.
//
// Rings are bound to an interface each, not to all: then the kernel does not even offer us what passes the others,
// and a pod's ordinary traffic costs nothing here. The host pairs of an interface are shared among the sources as
// in the sensor's own namespace. Loopback is not shared: it has but a few pairs, the same in every namespace, and
// shows flows that are seen nowhere else; so a namespace's goes to one source, and the next one's to another.
//
// Opening and closing wait for the kernel, so several threads of our own do it, which enter the namespaces. They
// are made in the constructor with the capabilities of that moment, and need CAP_SYS_ADMIN and CAP_NET_RAW.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "capture/inbox.h"
#include "model/netns.h"

namespace quaywatch::capture {

struct NamespaceOptions {
  size_t max_namespaces = 1'000;
  size_t max_interfaces = 16;  // captured in each
  // Of a ring: per interface, in all for loopback, per worker for the others. A new one gets a sixteenth of what the
  // others leave of `memory`, so that few namespaces have room for bursts and many don't cost too much.
  uint32_t least_ring_bytes = 512 << 10;
  uint32_t most_ring_bytes = 8 << 20;
  uint64_t memory = 128 << 20;
};

// As things are now, but for the totals.
struct NamespaceCounters {
  uint64_t attached = 0;  // namespaces we were told of
  uint64_t captured = 0;  // of them, those with a ring inside
  uint64_t rings = 0;
  uint64_t ring_bytes = 0;  // asked for
  uint64_t over_limit = 0;  // total of namespaces that came when there were max_namespaces
  // What is not captured though it should be, and of what some packets were dropped; the first kMostListed.
  static constexpr size_t kMostListed = 100;
  struct Missed {
    uint32_t netns = 0;
    std::string interface;
    std::string reason;
  };
  std::vector<Missed> missed;
  struct Loss {
    uint32_t netns = 0;
    std::string interface;
    uint64_t dropped = 0;
  };
  std::vector<Loss> losses;
};

class Namespaces final : public model::NetnsListener {
 public:
  explicit Namespaces(const NamespaceOptions& options = {});
  // REQUIRES: the sources are not read any more.
  ~Namespaces() override;

  // From now on rings are opened, also in the namespaces we were told of before, for the sources that read these
  // inboxes. Called once, by OpenLive.
  void Start(std::vector<std::shared_ptr<Inbox>> inboxes);

  // They only take note. Rings are open about 10 ms later, and closed 50 ms after OnGone: what they hold is still
  // read.
  void OnAttached(uint32_t inode, int fd, const std::vector<model::NetnsInterface>& interfaces) override;
  void OnChanged(uint32_t inode, const std::vector<model::NetnsInterface>& interfaces) override;
  void OnGone(uint32_t inode) override;

  NamespaceCounters counters() const;

 private:
  using Clock = std::chrono::steady_clock;
  // A ring that a source has.
  struct Part {
    size_t source;
    uint64_t ring_id;
    std::shared_ptr<std::atomic<uint64_t>> dropped;
    uint32_t bytes;
  };
  struct Capture {
    model::NetnsInterface interface;
    std::vector<Part> parts;  // empty: it could not be opened
    std::string reason;       // why
  };
  struct Namespace {
    uint32_t inode = 0;
    int fd = -1;
    std::vector<model::NetnsInterface> wanted;
    std::map<uint32_t, Capture> captures;  // by the interface's index
    bool busy = false;                     // one of the threads is inside
    bool gone = false;
    bool queued = false;
    Clock::time_point retry = Clock::time_point::max();
    Clock::duration pause{};  // before that
  };
  using NamespaceRef = std::shared_ptr<Namespace>;
  using Rings = std::vector<std::unique_ptr<Ring>>;

  void Run();
  NamespaceRef NextWork();
  void Queue(const NamespaceRef& space);
  void Reconcile(const NamespaceRef& space, std::unique_lock<std::mutex>& lock);
  void EndUnwanted(Namespace& space);
  base::Result<std::map<uint32_t, base::Result<Rings>>> Enter(const Namespace& space,
                                                              const std::vector<model::NetnsInterface>& missing,
                                                              uint32_t ring_bytes);
  void HandOver(Namespace& space, const model::NetnsInterface& interface, base::Result<Rings> rings,
                uint32_t ring_bytes);
  uint64_t RingBytesHeld() const;
  uint32_t NextRingBytes() const;
  void End(const Capture& capture);
  static void TryAgain(Namespace& space);
  void TakeBack(std::unique_ptr<Ring> ring);

  std::vector<std::shared_ptr<Inbox>> inboxes_;  // empty before Start
  const NamespaceOptions options_;
  const int home_;
  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::map<uint32_t, NamespaceRef> spaces_;
  std::vector<NamespaceRef> queue_;
  Rings closing_;
  uint64_t over_limit_ = 0;
  bool stop_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace quaywatch::capture
