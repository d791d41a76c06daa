// SPDX-License-Identifier: Apache-2.0
//
// Decides which namespaces are workloads of this machine, claims their addresses and tells the listener of them.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "enrich/directory.h"
#include "enrich/host/living.h"
#include "enrich/host/network.h"
#include "model/netns.h"

namespace quaywatch::enrich::host {

class Workloads {
 public:
  // Both outlive it; `listener` may be null. `gateways`: the next hops of routes by that interface.
  using Gateways = std::function<std::vector<model::IpAddress>(uint32_t interface)>;
  Workloads(Directory& directory, model::NetnsListener* listener, Gateways gateways);

  // The namespace with that nsid has this inode number. Forgotten with the namespace.
  void Place(Nsid nsid, const Namespace& space, uint32_t inode, base::Timestamp now);
  bool IsPlaced(Nsid nsid, const Namespace& space) const;
  bool IsPlaced(uint32_t inode, const Network& network) const;

  // Claims, tells and ends what is different from the last call. `nsids`: where there are changes.
  void Publish(const Network& network, const Living& living, const std::set<Nsid>& nsids, base::Timestamp now);
  // Ends everything for the listener; claims stay.
  void Stop();

  // Attached namespaces of which it is not known yet what lives in them, and the time the youngest was found.
  struct Open {
    size_t count = 0;
    base::Timestamp youngest = base::Timestamp::min();
  };
  Open open(const Network& network) const;
  // A process of each workload: when it ends, its namespace may be gone.
  std::vector<pid_t> anchors() const;

 private:
  struct Workload {
    Nsid nsid = kNoNsid;
    uint64_t number = 0;
    uint32_t inode = 0;
    base::Timestamp found{};
    CgroupOwner owner;
    std::string name;
    pid_t anchor = 0;
    bool counts = false;  // it is a workload now
    bool claimed = false;
    uint32_t claims = 0;  // since the namespace exists; each has an id of its own
    bool told = false;
    Claim claim;
    std::vector<model::NetnsInterface> interfaces;
  };
  void Update(Workload& workload, const Namespace& space, const Network& network, const Living& living,
              base::Timestamp now);
  bool IsWorkload(const Workload& workload, const Namespace& space, const Network& network,
                  const Residents& residents) const;
  void ClaimFor(Workload& workload, const Namespace& space, const Network& network);
  void Tell(Workload& workload, const Namespace& space, const Network& network, const LivingNamespace& living);
  void Finish(Workload& workload, base::Timestamp now);
  void Forget(Nsid nsid, base::Timestamp now);

  Directory& directory_;
  model::NetnsListener* listener_;
  Gateways gateways_;
  std::map<Nsid, Workload> workloads_;
  std::map<uint32_t, Nsid> places_;
};

}  // namespace quaywatch::enrich::host
