// SPDX-License-Identifier: Apache-2.0
#include "pipeline/tunnels.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/hash.h"
#include "model/tunnel_record.h"

namespace quaywatch::pipeline {
namespace {

using model::TunnelType;

constexpr base::Duration kHostsTimeout = std::chrono::hours(24);
constexpr base::Duration kActiveTimeout = std::chrono::hours(1);  // without a new connection inside

constexpr std::string_view ServiceOf(TunnelType type) {
  switch (type) {
    case TunnelType::kVxlan:
      return "vxlan";
    case TunnelType::kGeneve:
      return "geneve";
    case TunnelType::kTeredo:
      return "teredo";
    case TunnelType::kGtpV1:
      return "gtpv1";
    case TunnelType::kAyiya:
      return "ayiya";
    case TunnelType::kNone:
    case TunnelType::kIp:
    case TunnelType::kGre:
      break;
  }
  return {};
}

template <typename T>
void AddOnce(std::vector<T>& all, const T& item) {
  if (std::ranges::find(all, item) == all.end()) all.push_back(item);
}

}  // namespace

size_t Tunnels::IdHash::operator()(const model::FlowId& id) const {
  uint64_t words[4];
  std::memcpy(words, id.orig_h.mapped().data(), 16);
  std::memcpy(words + 2, id.resp_h.mapped().data(), 16);
  const uint64_t ports = uint64_t{id.orig_p.number} << 16 | id.resp_p.number;
  return base::Mix(base::Mix(words[0], words[1]), base::Mix(words[2] ^ ports, words[3]));
}

Tunnels::Tunnel* Tunnels::Set::Find(const model::FlowId& id, base::Timestamp now) {
  const auto found = by_id.find(id);
  if (found == by_id.end()) return nullptr;
  by_use.splice(by_use.end(), by_use, found->second);
  found->second->used = now;
  return &*found->second;
}

void Tunnels::Set::Add(const Tunnel& tunnel) {
  by_use.push_back(tunnel);
  by_id.emplace(tunnel.id, std::prev(by_use.end()));
}

void Tunnels::Set::Remove(std::list<Tunnel>::iterator tunnel) {
  by_id.erase(tunnel->id);
  by_use.erase(tunnel);
}

const Tunnels::Tunnel* Tunnels::Set::Overdue(base::Timestamp now, base::Duration timeout) const {
  if (by_use.empty()) return nullptr;
  const Tunnel& oldest = by_use.front();
  return by_use.size() > kMaxTunnels || now - oldest.used >= timeout ? &oldest : nullptr;
}

// Both directions between two hosts are one tunnel, named by the side that was seen first.
void Tunnels::Enter(const model::Datagram& outer, base::Timestamp now) {
  model::FlowId key{outer.src, outer.dst, {}, {}};
  if (key.resp_h < key.orig_h) std::swap(key.orig_h, key.resp_h);
  Tunnel* tunnel = hosts_.Find(key, now);
  if (tunnel == nullptr) {
    std::array<uint64_t, 5> origin;
    std::memcpy(&origin[0], key.orig_h.mapped().data(), 16);
    std::memcpy(&origin[2], key.resp_h.mapped().data(), 16);
    origin[4] = static_cast<uint64_t>(base::ToUnixNanos(now));
    const auto hash = base::Hash128Of({reinterpret_cast<const char*>(origin.data()), sizeof origin}, uid_seed_);
    hosts_.Add({model::Uid::Make('C', hash), key, outer.carries, now});
    tunnel = &hosts_.by_use.back();
    tunnel->reversed = key.orig_h != outer.src;
  }
  path_.push_back(*tunnel);
  if (tunnel->reversed) std::swap(path_.back().id.orig_h, path_.back().id.resp_h);
}

bool Tunnels::Enter(flow::Flow& flow, model::Direction from, const model::Datagram& outer, base::Timestamp now) {
  if (outer.carries == TunnelType::kGre) {
    Enter(outer, now);
    return true;
  }
  const auto bit = [](TunnelType type) { return static_cast<uint8_t>(1u << static_cast<unsigned>(type)); };
  flow::TunnelFacts& facts = flow.tunnels;
  if (outer.violates != TunnelType::kNone) facts.violated |= bit(outer.violates);
  if (outer.carries == TunnelType::kNone || (facts.violated & bit(outer.carries)) != 0) return false;
  facts.carried |= from == model::Direction::kOrig ? 1 : 2;
  // Teredo is recognised by content that other protocols may have by chance: both sides must speak it.
  if (outer.carries != TunnelType::kTeredo || facts.carried == 3) AddOnce(flow.services, ServiceOf(outer.carries));
  path_.push_back({flow.uid, flow.id, outer.carries, now});
  return true;
}

uint64_t Tunnels::PathIdentity() const {
  uint64_t identity = 0;
  for (const Tunnel& tunnel : path_) {
    identity = base::Mix(identity + static_cast<uint64_t>(tunnel.type), base::Hash64(tunnel.uid.view())) | 1;
  }
  return identity;
}

bool Tunnels::Pass(flow::Flow& flow, base::Timestamp now) {
  flow::TunnelFacts& facts = flow.tunnels;
  const uint64_t path = PathIdentity();
  const bool fresh = !std::exchange(facts.seen, true);
  if (path == facts.path) return true;
  facts.path = path;
  if (!fresh) {
    if (facts.changes > kMaxChanges) return true;
    if (++facts.changes > kMaxChanges) return false;
  }
  if (path_.empty()) return true;
  AddOnce(flow.tunnel_parents, path_.back().uid);
  Register(now);
  return true;
}

void Tunnels::Register(base::Timestamp now) {
  for (const Tunnel& tunnel : path_) {
    if (active_.Find(tunnel.id, now) != nullptr) continue;
    active_.Add(tunnel);
    active_.by_use.back().used = now;
    Log(tunnel, "Tunnel::DISCOVER", now);
  }
}

void Tunnels::FlowEnded(const flow::Flow& flow, base::Timestamp now) {
  if (flow.tunnels.carried == 0) return;
  const auto found = active_.by_id.find(flow.id);
  if (found == active_.by_id.end()) return;
  Log(*found->second, "Tunnel::CLOSE", now);
  active_.Remove(found->second);
}

void Tunnels::Advance(base::Timestamp now) {
  while (hosts_.Overdue(now, kHostsTimeout) != nullptr) hosts_.Remove(hosts_.by_use.begin());
  while (const Tunnel* overdue = active_.Overdue(now, kActiveTimeout)) {
    Log(*overdue, "Tunnel::EXPIRE", now);
    active_.Remove(active_.by_use.begin());
  }
}

void Tunnels::Log(const Tunnel& tunnel, std::string_view action, base::Timestamp now) {
  model::Write(records_,
               model::TunnelRecord{now, tunnel.uid, tunnel.id, {model::TunnelTypeName(tunnel.type)}, {action}});
}

}  // namespace quaywatch::pipeline
