// SPDX-License-Identifier: Apache-2.0
//
// Services: whose address and port it is, and who answers. Not thread-safe: the directory locks around it.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "enrich/address_hash.h"
#include "enrich/directory.h"

namespace quaywatch::enrich {

class Services {
 public:
  static constexpr size_t kMax = 50'000;

  // False if there are too many.
  bool Put(Service service);
  void Remove(const std::string& space, const std::string& name);

  // Null: none.
  const Service* At(const model::IpAddress& address, uint16_t port, model::Transport transport) const;
  model::IdentityRef IdentityAt(const model::IpAddress& address) const;
  const Service* AtNodePort(uint16_t port, model::Transport transport) const;

  // Appends the names of services that this pod answers for.
  void NamesOf(const model::IpAddress& address, const std::string& pod_uid, std::vector<std::string>& names) const;

  template <typename Visit>
  void ForEach(Visit visit) const {
    for (const auto& [name, held] : all_) visit(held.service);
  }
  const Service* Find(const std::string& space, const std::string& name) const;
  size_t size() const { return all_.size(); }

 private:
  struct Held {
    Service service;
    model::IdentityRef identity;  // of its own addresses
  };
  using Refs = std::vector<const Held*>;

  void Index(const Held& held);
  void Unindex(const Held& held);

  std::map<std::pair<std::string, std::string>, Held> all_;
  std::unordered_map<model::IpAddress, Refs, AddressHash> by_address_;
  std::unordered_map<model::IpAddress, Refs, AddressHash> by_endpoint_;
  std::unordered_map<uint32_t, Refs> by_node_port_;
};

// "namespace/name"; the name alone without a namespace.
std::string FullName(const Service& service);

}  // namespace quaywatch::enrich
