// SPDX-License-Identifier: Apache-2.0
#include "enrich/host/host_network.h"

#include <fmt/format.h>

#include <algorithm>

#include "enrich/host/identity.h"
#include "enrich/host/network.h"

namespace quaywatch::enrich::host {

HostNetwork::HostNetwork(Directory& directory, const std::vector<std::string>& cgroup_roots)
    : directory_(directory), sockets_(Sockets::Open()), cgroups_(cgroup_roots) {}

void HostNetwork::Publish(const std::map<std::string, Process>& containers, base::Timestamp now) {
  std::erase_if(claims_, [&](const auto& entry) {
    if (containers.contains(entry.first)) return false;
    directory_.End(SourceKind::kHost, entry.second.id, now);
    return true;
  });
  {
    const std::lock_guard lock(mutex_);
    any_ = !containers.empty();
  }
  if (containers.empty()) return;
  std::map<std::string, std::vector<uint16_t>> ports = ListeningPorts(now);
  for (const auto& [id, process] : containers) {
    Claim claim;
    claim.id = fmt::format("host-network {}", id);
    claim.identity = IdentityOf(process.owner, process.name);
    claim.container_id = process.owner.container_id;
    claim.pod_uid = process.owner.pod_uid;
    claim.host_network = true;
    claim.ports = std::move(ports[id]);
    claim.since = process.started;
    const auto [known, added] = claims_.try_emplace(id);
    if (!added && known->second.ports == claim.ports && known->second.identity == claim.identity) continue;
    known->second = claim;
    directory_.Put(SourceKind::kHost, std::move(claim));
  }
}

bool HostNetwork::MayAsk() {
  const auto second = std::chrono::floor<std::chrono::seconds>(std::chrono::steady_clock::now());
  if (std::exchange(second_, second) != second) asked_ = 0;
  return ++asked_ <= kMaxGuesses;
}

std::optional<CgroupOwner> HostNetwork::OwnerOf(const SocketTuple& socket) {
  const std::lock_guard lock(mutex_);
  if (!any_ && !MayAsk()) return std::nullopt;
  const auto cgroup = sockets_ ? sockets_->CgroupOf(socket) : std::nullopt;
  auto owner = cgroup ? cgroups_.OwnerOf(*cgroup, Now().wall) : std::nullopt;
  return owner && !owner->empty() ? owner : std::nullopt;
}

std::map<std::string, std::vector<uint16_t>> HostNetwork::ListeningPorts(base::Timestamp now) {
  std::map<std::string, std::vector<uint16_t>> ports;
  const std::lock_guard lock(mutex_);
  if (!sockets_) return ports;
  for (const ListeningSocket& socket : sockets_->Listening()) {
    const auto owner = cgroups_.OwnerOf(socket.cgroup, now);
    if (owner && !owner->empty())
      ports[owner->container_id.empty() ? owner->pod_uid : owner->container_id].push_back(socket.port);
  }
  for (auto& [id, numbers] : ports) {
    std::ranges::sort(numbers);
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  }
  return ports;
}

}  // namespace quaywatch::enrich::host
