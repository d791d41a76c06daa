// SPDX-License-Identifier: Apache-2.0
#include "dedup/proxy_links.h"

#include <algorithm>
#include <utility>

namespace quaywatch::dedup {
namespace {

bool IsAny(const model::IpAddress& address) {
  return std::ranges::all_of(address.bytes(), [](uint8_t byte) { return byte == 0; });
}

bool IsLoopback(const model::IpAddress& address) {
  static const model::IpAddress kLoopback6 = *model::IpAddress::Parse("::1");
  return address.is_v4() ? address.bytes()[0] == 127 : address == kLoopback6;
}

}  // namespace

void ProxyLinks::SetPorts(std::vector<ProxyPort> ports) {
  const std::lock_guard lock(mutex_);
  if (ports == ports_) return;
  const auto before = std::exchange(targets_, {});
  listeners_.clear();
  const auto find = [](const auto& targets, const ProxyPort& port) -> TargetRef {
    const auto [begin, end] = targets.equal_range(port.container_port);
    const auto found = std::find_if(begin, end, [&](const auto& each) {
      return each.second->port.container == port.container && each.second->port.transport == port.transport;
    });
    return found == end ? nullptr : found->second;
  };
  for (const ProxyPort& port : ports) {
    TargetRef target = find(targets_, port);
    if (!target) {
      target = find(before, port);
      if (!target) target = std::make_shared<Target>(Target{.port = port});
      targets_.emplace(port.container_port, target);
    }
    listeners_.emplace(port.host_port, Listener{port, std::move(target)});
  }
  any_ = !ports.empty();
  ports_ = std::move(ports);
}

bool ProxyLinks::IsHost(const model::IpAddress& address) const {
  return IsLoopback(address) || names_.IsHostAddress(address);
}

ProxyLinks::TargetRef ProxyLinks::AcceptedBy(const model::FlowInfo& flow) const {
  const auto [begin, end] = listeners_.equal_range(flow.id.resp_p.number);
  for (auto each = begin; each != end; ++each) {
    const ProxyPort& port = each->second.port;
    if (port.transport != flow.transport) continue;
    if (port.host == flow.id.resp_h || (IsAny(port.host) && IsHost(flow.id.resp_h))) return each->second.target;
  }
  return nullptr;
}

ProxyLinks::TargetRef ProxyLinks::OpenedFor(const model::FlowInfo& flow) const {
  const auto [begin, end] = targets_.equal_range(flow.id.resp_p.number);
  for (auto each = begin; each != end; ++each) {
    const ProxyPort& port = each->second->port;
    if (port.transport == flow.transport && port.container == flow.id.resp_h && IsHost(flow.id.orig_h)) {
      return each->second;
    }
  }
  return nullptr;
}

bool ProxyLinks::Begin(const model::FlowInfo& flow) {
  if (!any_.load(std::memory_order_relaxed)) return false;
  const std::lock_guard lock(mutex_);
  TargetRef target = AcceptedBy(flow);
  const bool accepted = target != nullptr;
  if (!accepted) target = OpenedFor(flow);
  if (!target) return false;
  if (flows_.size() >= kMaxFlows) {
    target->overrun = target->flows > 0;
    return false;
  }
  accepted ? target->order.Accepted(flow.uid, flow.start) : target->order.Opened(flow.uid, flow.start);
  ++target->flows;
  flows_.emplace(flow.uid, std::move(target));
  return true;
}

void ProxyLinks::Forget(std::unordered_map<model::Uid, TargetRef, UidHash>::iterator flow) {
  Target& target = *flow->second;
  if (--target.flows == 0 && std::exchange(target.overrun, false)) target.order = {};
  flows_.erase(flow);
}

void ProxyLinks::Exclude(const model::FlowInfo& flow) {
  const std::lock_guard lock(mutex_);
  const auto known = flows_.find(flow.uid);
  if (known == flows_.end()) return;
  known->second->order.Exclude(flow.uid);
  Forget(known);
}

model::Uid ProxyLinks::LinkOf(const model::FlowInfo& flow, base::Timestamp now) {
  const std::lock_guard lock(mutex_);
  const auto known = flows_.find(flow.uid);
  if (known == flows_.end() || known->second->overrun) return {};
  return known->second->order.LinkOf(flow.uid, now);
}

void ProxyLinks::End(const model::FlowInfo& flow, base::Timestamp now) {
  const std::lock_guard lock(mutex_);
  const auto known = flows_.find(flow.uid);
  if (known == flows_.end()) return;
  known->second->order.Ended(flow.uid, now);
  Forget(known);
}

}  // namespace quaywatch::dedup
