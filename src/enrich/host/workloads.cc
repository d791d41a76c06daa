// SPDX-License-Identifier: Apache-2.0
#include "enrich/host/workloads.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "enrich/host/identity.h"

namespace quaywatch::enrich::host {
Workloads::Workloads(Directory& directory, model::NetnsListener* listener, Gateways gateways)
    : directory_(directory), listener_(listener), gateways_(std::move(gateways)) {}

void Workloads::Place(Nsid nsid, const Namespace& space, uint32_t inode, base::Timestamp now) {
  const auto before = places_.find(inode);
  if (before != places_.end() && before->second != nsid) Forget(before->second, now);
  const auto known = workloads_.find(nsid);
  if (known != workloads_.end() && known->second.number != space.number) Forget(nsid, now);
  Workload& workload = workloads_[nsid];
  workload.number = space.number;
  workload.inode = inode;
  places_[inode] = nsid;
}

bool Workloads::IsPlaced(Nsid nsid, const Namespace& space) const {
  const auto found = workloads_.find(nsid);
  return found != workloads_.end() && found->second.number == space.number && found->second.inode != 0;
}

bool Workloads::IsPlaced(uint32_t inode, const Network& network) const {
  const auto found = places_.find(inode);
  const Namespace* space = found == places_.end() ? nullptr : network.Find(found->second);
  return space && IsPlaced(found->second, *space);
}

void Workloads::Publish(const Network& network, const Living& living, const std::set<Nsid>& nsids,
                        base::Timestamp now) {
  // What ends comes first: its inode number and its addresses may be another's by now.
  for (const Nsid nsid : nsids) {
    const auto known = workloads_.find(nsid);
    if (known == workloads_.end()) continue;
    const Namespace* space = network.Find(nsid);
    if (!space || known->second.number != space->number) {
      Forget(nsid, now);
    } else if (known->second.inode != 0 && !living.contains(known->second.inode)) {
      Finish(known->second, now);
    }
  }
  for (const Nsid nsid : nsids) {
    const Namespace* space = network.Find(nsid);
    if (!space) continue;
    Workload& workload = workloads_[nsid];
    workload.nsid = nsid;
    workload.number = space->number;
    if (workload.found == base::Timestamp()) workload.found = now;
    if (network.IsAttached(nsid)) {
      Update(workload, *space, network, living, now);
    } else {
      Finish(workload, now);
    }
  }
}

void Workloads::Stop() {
  for (auto& [nsid, workload] : workloads_) {
    if (workload.told && listener_) listener_->OnGone(workload.inode);
    workload.told = false;
  }
}

Workloads::Open Workloads::open(const Network& network) const {
  Open open;
  for (const auto& [nsid, workload] : workloads_) {
    if (!workload.owner.empty() || !network.IsAttached(nsid)) continue;
    ++open.count;
    open.youngest = std::max(open.youngest, workload.found);
  }
  return open;
}

std::vector<pid_t> Workloads::anchors() const {
  std::vector<pid_t> pids;
  for (const auto& [nsid, workload] : workloads_) {
    if (workload.counts && workload.anchor != 0) pids.push_back(workload.anchor);
  }
  return pids;
}

void Workloads::Update(Workload& workload, const Namespace& space, const Network& network, const Living& living,
                       base::Timestamp now) {
  const auto found = living.find(workload.inode);
  if (workload.inode == 0 || found == living.end()) return;
  const Residents& residents = found->second.residents;
  workload.anchor = residents.oldest.pid;
  if (residents.owned.pid != 0) workload.owner = residents.owned.owner;
  if (!found->second.mount_name.empty()) {
    workload.name = found->second.mount_name;
  } else if (residents.oldest.pid != 0) {
    workload.name = residents.oldest.name;
  }
  workload.counts = IsWorkload(workload, space, network, residents);
  if (!workload.counts) {
    Finish(workload, now);
    return;
  }
  ClaimFor(workload, space, network);
  if (space.read) Tell(workload, space, network, found->second);
}

bool Workloads::IsWorkload(const Workload& workload, const Namespace& space, const Network& network,
                           const Residents& residents) const {
  if (residents.first) return false;
  // Another node, with containers that share its network.
  if (residents.unowned && network.IsHub(space)) return false;
  if (!workload.owner.empty()) return true;
  if (!space.read || network.IsHub(space)) return false;
  const auto holds = [&space](const model::IpAddress& gateway) {
    return std::ranges::any_of(space.addresses,
                               [&](const HeldAddress& held) { return held.address.address == gateway; });
  };
  for (const uint32_t interface : network.HostEndsOf(space)) {
    if (std::ranges::any_of(gateways_(interface), holds)) return false;
  }
  return true;
}

void Workloads::ClaimFor(Workload& workload, const Namespace& space, const Network& network) {
  Claim claim;
  claim.id = fmt::format("net:[{}]#{}.{}", workload.inode, workload.number, workload.claims);
  claim.identity = IdentityOf(workload.owner, workload.name);
  for (const HeldAddress& held : space.addresses) {
    if (held.address.global) claim.addresses.push_back(held.address.address);
  }
  std::ranges::sort(claim.addresses);
  claim.container_id = workload.owner.container_id;
  claim.pod_uid = workload.owner.pod_uid;
  claim.netns = workload.inode;
  claim.interface = network.HostInterfaceOf(workload.nsid, space);
  claim.since = space.changed;
  if (!workload.claimed && claim.addresses.empty()) return;
  const Claim& last = workload.claim;
  if (workload.claimed && last.identity == claim.identity && last.addresses == claim.addresses &&
      last.container_id == claim.container_id && last.pod_uid == claim.pod_uid && last.interface == claim.interface) {
    return;
  }
  workload.claimed = true;
  workload.claim = claim;
  directory_.Put(SourceKind::kHost, std::move(claim));
}

void Workloads::Tell(Workload& workload, const Namespace& space, const Network& network,
                     const LivingNamespace& living) {
  std::vector<model::NetnsInterface> interfaces = network.InterfacesOf(space);
  if (workload.told && interfaces == workload.interfaces) return;
  std::vector<Directory::Interface> names;
  for (const model::NetnsInterface& interface : interfaces) names.push_back({interface.index, interface.name});
  directory_.SetInterfaces(workload.inode, names);
  workload.interfaces = std::move(interfaces);
  if (workload.told) {
    if (listener_) listener_->OnChanged(workload.inode, workload.interfaces);
    return;
  }
  const int fd = OpenNamespace(living.paths, workload.inode);
  if (fd < 0) return;
  workload.told = true;
  if (listener_) listener_->OnAttached(workload.inode, fd, workload.interfaces);
  close(fd);
}

void Workloads::Finish(Workload& workload, base::Timestamp now) {
  if (workload.told && listener_) listener_->OnGone(workload.inode);
  if (workload.claimed) {
    directory_.End(SourceKind::kHost, workload.claim.id, now);
    ++workload.claims;
  }
  workload.told = workload.claimed = workload.counts = false;
}

void Workloads::Forget(Nsid nsid, base::Timestamp now) {
  const auto known = workloads_.find(nsid);
  if (known == workloads_.end()) return;
  Finish(known->second, now);
  const auto place = places_.find(known->second.inode);
  if (place != places_.end() && place->second == nsid) places_.erase(place);
  workloads_.erase(known);
}

}  // namespace quaywatch::enrich::host
