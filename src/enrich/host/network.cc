// SPDX-License-Identifier: Apache-2.0
#include "enrich/host/network.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

namespace quaywatch::enrich::host {
namespace {

// The kernel's timestamps are rounded down to this.
constexpr base::Duration kRounding = std::chrono::milliseconds(10);

constexpr std::array<std::string_view, 14> kTunnelKinds{"vxlan",  "geneve", "ipip",      "sit",    "gre",
                                                        "gretap", "ip6gre", "ip6gretap", "ip6tnl", "vti",
                                                        "vti6",   "erspan", "ip6erspan", "gtp"};

auto FindAddress(std::vector<HeldAddress>& addresses, const LinkAddress& wanted) {
  return std::ranges::find_if(addresses, [&wanted](const HeldAddress& held) {
    return held.address.index == wanted.index && held.address.address == wanted.address;
  });
}

}  // namespace

Moment Now() {
  timespec uptime{};
  clock_gettime(CLOCK_MONOTONIC, &uptime);
  return {std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now()),
          std::chrono::seconds(uptime.tv_sec) + std::chrono::nanoseconds(uptime.tv_nsec)};
}

void Network::At(Moment now) {
  before_ = now_.wall;
  now_ = now;
  std::erase_if(left_, [&](const auto& left) { return now.wall - left.second > kLeftMemory; });
}

void Network::OnLink(Nsid where, Link link) {
  if (where == self_) where = kNoNsid;
  if (dumping_ && where == dumped_) {
    if (fresh_.links.size() < kMaxLinks) {
      fresh_.links.insert_or_assign(link.index, std::move(link));
    } else {
      ++ignored_;
    }
    return;
  }
  // Others' events number third namespaces in their own way; a dump of them does it in ours.
  if (where != kNoNsid) {
    if (namespaces_.contains(where)) unread_.insert(where);
    return;
  }
  if (link.other_nsid >= 0 && link.other_nsid != self_) Watch(link.other_nsid);
  if (own_.links.size() >= kMaxLinks && !own_.links.contains(link.index)) {
    ++ignored_;
    return;
  }
  own_.links.insert_or_assign(link.index, std::move(link));
  Change(kNoNsid);
}

void Network::OnLinkGone(Nsid where, const Link& link) {
  if (where == self_) where = kNoNsid;
  if (link.moved_to >= 0 && where == kNoNsid && link.moved_to != self_) Watch(link.moved_to);
  Namespace* space = Of(where);
  if (!space || space->links.erase(link.index) == 0) return;
  for (size_t i = space->addresses.size(); i-- > 0;) {
    if (space->addresses[i].address.index == link.index) Leave(where, *space, i);
  }
  Change(where);
}

void Network::OnAddress(Nsid where, const LinkAddress& address) {
  if (where == self_) where = kNoNsid;
  const bool dump = dumping_ && where == dumped_;
  Namespace* space = Of(where);
  if (!space) return;
  const auto known = FindAddress(space->addresses, address);
  HeldAddress held{address, known == space->addresses.end() ? SinceOf(address) : known->since};
  if (dump) {
    if (fresh_.addresses.size() < kMaxAddresses) {
      fresh_.addresses.push_back(held);
    } else {
      ++ignored_;
    }
    return;
  }
  if (known != space->addresses.end()) return;
  if (address.created.count() > 0) least_lag_ = std::min(least_lag_, now_.uptime - address.created);
  if (space->addresses.size() >= kMaxAddresses) {
    ++ignored_;
    return;
  }
  space->addresses.push_back(held);
  if (address.global) space->changed = std::max(space->changed, held.since);
  Change(where);
}

void Network::OnAddressGone(Nsid where, const LinkAddress& address) {
  if (where == self_) where = kNoNsid;
  Namespace* space = Of(where);
  if (!space) return;
  const auto known = FindAddress(space->addresses, address);
  if (known == space->addresses.end()) return;
  Leave(where, *space, static_cast<size_t>(known - space->addresses.begin()));
  Change(where);
}

void Network::OnNamespaceGone(Nsid nsid) {
  const auto found = namespaces_.find(nsid);
  if (found == namespaces_.end()) return;
  while (!found->second.addresses.empty()) Leave(nsid, found->second, found->second.addresses.size() - 1);
  namespaces_.erase(found);
  unread_.erase(nsid);
  Change(nsid);
}

void Network::BeginDump(Nsid where) {
  dumping_ = true;
  dumped_ = where;
  fresh_ = {};
}

void Network::EndDump(bool complete) {
  dumping_ = false;
  Namespace* space = Of(dumped_);
  if (!space) return;
  if (!complete) {
    if (dumped_ != kNoNsid) OnNamespaceGone(dumped_);
    return;
  }
  for (const HeldAddress& held : fresh_.addresses) {
    const bool known = FindAddress(space->addresses, held.address) != space->addresses.end();
    if (!known && held.address.global) space->changed = std::max(space->changed, held.since);
  }
  for (size_t i = space->addresses.size(); i-- > 0;) {
    if (FindAddress(fresh_.addresses, space->addresses[i].address) == fresh_.addresses.end()) Leave(dumped_, *space, i);
  }
  space->read = true;
  space->links = std::move(fresh_.links);
  space->addresses = std::move(fresh_.addresses);
  Change(dumped_);
  if (dumped_ != kNoNsid) return;
  for (const auto& [index, link] : own_.links) {
    if (link.other_nsid >= 0 && link.other_nsid != self_) Watch(link.other_nsid);
  }
}

void Network::Watch(Nsid nsid) {
  if (nsid < 0 || nsid == self_) return;
  if (!namespaces_.contains(nsid)) {
    if (namespaces_.size() >= kMaxNamespaces) {
      ++ignored_;
      return;
    }
    namespaces_[nsid].number = ++numbers_;
  }
  unread_.insert(nsid);
}

bool Network::HasNew() const {
  return std::ranges::any_of(unread_, [this](Nsid nsid) {
    const Namespace* space = Find(nsid);
    return space && !space->read;
  });
}

std::set<Nsid> Network::TakeUnread() { return std::exchange(unread_, {}); }

std::set<Nsid> Network::TakeChanged() { return std::exchange(changed_, {}); }

const Namespace* Network::Find(Nsid nsid) const {
  const auto found = namespaces_.find(nsid);
  return found == namespaces_.end() ? nullptr : &found->second;
}

bool Network::IsAttached(const Namespace& space) const {
  return std::ranges::any_of(space.links, [this](const auto& entry) { return entry.second.other_nsid == self_; });
}

bool Network::IsAttached(Nsid nsid) const {
  const Namespace* space = Find(nsid);
  if (!space) return false;
  if (space->read) return IsAttached(*space);
  return std::ranges::any_of(own_.links, [nsid](const auto& entry) { return entry.second.other_nsid == nsid; });
}

bool Network::IsHub(const Namespace& space) const {
  return std::ranges::any_of(space.links, [this](const auto& entry) {
    const Link& link = entry.second;
    return link.kind == "veth" && link.other_nsid >= 0 && link.other_nsid != self_;
  });
}

std::vector<model::NetnsInterface> Network::InterfacesOf(const Namespace& space) const {
  std::vector<model::NetnsInterface> interfaces;
  for (const auto& [index, link] : space.links) {
    const bool ends_here = link.other_nsid == self_;
    interfaces.push_back(
        {index, link.name, link.kind, link.loopback, ends_here && link.kind == "veth", ends_here ? link.other : 0});
  }
  return interfaces;
}

std::string Network::HostInterfaceOf(Nsid nsid, const Namespace& space) const {
  for (const auto& [index, link] : space.links) {
    if (link.other_nsid != self_) continue;
    if (const auto end = own_.links.find(link.other); end != own_.links.end()) return end->second.name;
  }
  const auto end = std::ranges::find_if(own_.links, [&](const auto& entry) { return entry.second.other_nsid == nsid; });
  return end == own_.links.end() ? std::string() : end->second.name;
}

std::set<uint32_t> Network::HostEndsOf(const Namespace& space) const {
  std::set<uint32_t> ends;
  for (const auto& [index, link] : space.links) {
    const auto end = link.other_nsid == self_ ? own_.links.find(link.other) : own_.links.end();
    if (end == own_.links.end()) continue;
    ends.insert(end->first);
    if (end->second.master != 0) ends.insert(end->second.master);
  }
  return ends;
}

std::vector<model::LocalTunnel> Network::Tunnels() const {
  std::vector<model::LocalTunnel> tunnels;
  for (const auto& [index, link] : own_.links) {
    if (std::ranges::find(kTunnelKinds, link.kind) == kTunnelKinds.end()) continue;
    tunnels.push_back({index, link.name, link.kind, link.udp_port});
  }
  return tunnels;
}

Namespace* Network::Of(Nsid where) {
  if (where == kNoNsid) return &own_;
  const auto found = namespaces_.find(where);
  return found == namespaces_.end() ? nullptr : &found->second;
}

void Network::Change(Nsid where) { changed_.insert(where); }

// The kernel's timestamp on our clock, and rather early than late: nobody else held the address then, or we know
// until when.
base::Timestamp Network::SinceOf(const LinkAddress& address) const {
  base::Duration lag = base::Duration::zero();
  if (least_lag_ != base::Duration::max()) lag = std::max(least_lag_ - kRounding, lag);
  if (lag_) lag = *lag_;
  const base::Duration age = address.created.count() == 0 ? lag : now_.uptime - address.created;
  base::Timestamp since = now_.wall - std::max(age - lag, base::Duration::zero());
  // Given up and told before this was.
  const auto left = left_.find(address.address);
  if (left != left_.end() && left->second <= before_) since = std::max(since, left->second);
  return since;
}

void Network::Leave(Nsid where, Namespace& space, size_t at) {
  const LinkAddress address = space.addresses[at].address;
  space.addresses.erase(space.addresses.begin() + static_cast<ptrdiff_t>(at));
  if (!address.global) return;
  space.changed = now_.wall;
  if (where != kNoNsid) left_.insert_or_assign(address.address, now_.wall);
}

}  // namespace quaywatch::enrich::host
