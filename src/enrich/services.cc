// SPDX-License-Identifier: Apache-2.0
#include "enrich/services.h"

#include <algorithm>

namespace quaywatch::enrich {
namespace {

uint32_t PortKey(uint16_t port, model::Transport transport) {
  return uint32_t{port} << 8 | static_cast<uint8_t>(transport);
}

template <typename Map, typename Key, typename Held>
void Add(Map& map, const Key& key, const Held* service) {
  auto& refs = map[key];
  if (std::ranges::find(refs, service) == refs.end()) refs.push_back(service);
}

template <typename Map, typename Key, typename Held>
void Erase(Map& map, const Key& key, const Held* service) {
  const auto found = map.find(key);
  if (found == map.end()) return;
  std::erase(found->second, service);
  if (found->second.empty()) map.erase(found);
}

}  // namespace

std::string FullName(const Service& service) {
  return service.space.empty() ? service.name : service.space + "/" + service.name;
}

bool Services::Put(Service service) {
  model::Identity identity;
  identity.kind = model::EndpointKind::kService;
  identity.space = service.space;
  identity.service = service.name;

  const std::pair key(service.space, service.name);
  const auto found = all_.find(key);
  if (found != all_.end()) {
    Unindex(found->second);
    found->second.service = std::move(service);
    Index(found->second);
    return true;
  }
  if (all_.size() >= kMax) return false;
  Held held{std::move(service), std::make_shared<const model::Identity>(std::move(identity))};
  Index(all_.emplace(key, std::move(held)).first->second);
  return true;
}

void Services::Remove(const std::string& space, const std::string& name) {
  const auto found = all_.find({space, name});
  if (found == all_.end()) return;
  Unindex(found->second);
  all_.erase(found);
}

const Service* Services::Find(const std::string& space, const std::string& name) const {
  const auto found = all_.find({space, name});
  return found == all_.end() ? nullptr : &found->second.service;
}

const Service* Services::At(const model::IpAddress& address, uint16_t port, model::Transport transport) const {
  const auto found = by_address_.find(address);
  if (found == by_address_.end()) return nullptr;
  for (const Held* held : found->second) {
    for (const Service::ServicePort& own : held->service.ports) {
      if (own.port == port && own.transport == transport) return &held->service;
    }
  }
  return nullptr;
}

model::IdentityRef Services::IdentityAt(const model::IpAddress& address) const {
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? nullptr : found->second.front()->identity;
}

const Service* Services::AtNodePort(uint16_t port, model::Transport transport) const {
  const auto found = by_node_port_.find(PortKey(port, transport));
  return found == by_node_port_.end() ? nullptr : &found->second.front()->service;
}

void Services::NamesOf(const model::IpAddress& address, const std::string& pod_uid,
                       std::vector<std::string>& names) const {
  const auto found = by_endpoint_.find(address);
  if (found == by_endpoint_.end()) return;
  for (const Held* held : found->second) {
    const bool answers = std::ranges::any_of(held->service.endpoints, [&](const Service::Endpoint& end) {
      return end.address == address && (end.pod_uid.empty() || pod_uid.empty() || end.pod_uid == pod_uid);
    });
    if (answers) names.push_back(held->service.name);
  }
}

void Services::Index(const Held& held) {
  const Service& service = held.service;
  for (const model::IpAddress& address : service.addresses) Add(by_address_, address, &held);
  for (const Service::Endpoint& end : service.endpoints) Add(by_endpoint_, end.address, &held);
  for (const Service::ServicePort& port : service.ports) {
    if (port.node_port != 0) Add(by_node_port_, PortKey(port.node_port, port.transport), &held);
  }
}

void Services::Unindex(const Held& held) {
  const Service& service = held.service;
  for (const model::IpAddress& address : service.addresses) Erase(by_address_, address, &held);
  for (const Service::Endpoint& end : service.endpoints) Erase(by_endpoint_, end.address, &held);
  for (const Service::ServicePort& port : service.ports)
    Erase(by_node_port_, PortKey(port.node_port, port.transport), &held);
}

}  // namespace quaywatch::enrich
