// SPDX-License-Identifier: Apache-2.0
//
// Which two connections are one by way of a helper program: Docker's docker-proxy accepts a connection to a
// published port and opens a second one to the container. The kernel does not know that they belong together; their
// order tells (proxy_order.h). What is not certain is not linked.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "dedup/proxy_order.h"
#include "model/flow.h"
#include "model/identity.h"

namespace quaywatch::dedup {

// An address of this machine (0.0.0.0 or ::, all of them) and the container behind it.
struct ProxyPort {
  model::Transport transport = model::Transport::kTcp;
  model::IpAddress host;
  uint16_t host_port = 0;
  model::IpAddress container;
  uint16_t container_port = 0;
  bool operator==(const ProxyPort&) const = default;
};

// Thread-safe. A new flow costs one comparison while there are no such ports, else a look-up under a lock.
class ProxyLinks {
 public:
  // Flows remembered at most. Over it, none of the container's port is linked until all that are known have ended.
  static constexpr size_t kMaxFlows = 65'536;

  // `names` tells the machine's addresses; it outlives this.
  explicit ProxyLinks(const model::IdentityLookup& names) : names_(names) {}

  // The ports there are now.
  void SetPorts(std::vector<ProxyPort> ports);

  // A flow of the machine's own network namespace began. True if it may be one of two: then Exclude or End must follow.
  bool Begin(const model::FlowInfo& flow);
  // It turned out that the kernel translates it: the helper has nothing to do with it.
  void Exclude(const model::FlowInfo& flow);
  // The uid of the connection it belongs with; empty if there is none, or it is not certain by `now`.
  model::Uid LinkOf(const model::FlowInfo& flow, base::Timestamp now);
  // It is over, and its record written.
  void End(const model::FlowInfo& flow, base::Timestamp now);

 private:
  // Ports of the machine that lead to the same container's port share their order.
  struct Target {
    ProxyPort port;
    ProxyOrder order;
    size_t flows = 0;      // remembered
    bool overrun = false;  // others were not
  };
  using TargetRef = std::shared_ptr<Target>;
  struct Listener {
    ProxyPort port;
    TargetRef target;
  };

  void Forget(std::unordered_map<model::Uid, TargetRef, UidHash>::iterator flow);
  bool IsHost(const model::IpAddress& address) const;
  TargetRef AcceptedBy(const model::FlowInfo& flow) const;
  TargetRef OpenedFor(const model::FlowInfo& flow) const;

  const model::IdentityLookup& names_;
  std::atomic<bool> any_ = false;
  mutable std::mutex mutex_;
  std::vector<ProxyPort> ports_;
  std::unordered_multimap<uint16_t, Listener> listeners_;  // by port
  std::unordered_multimap<uint16_t, TargetRef> targets_;   // by port
  std::unordered_map<model::Uid, TargetRef, UidHash> flows_;
};

}  // namespace quaywatch::dedup
