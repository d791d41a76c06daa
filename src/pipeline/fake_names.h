// SPDX-License-Identifier: Apache-2.0
//
// For tests: a lookup that knows what it was told.
#pragma once

#include <map>
#include <set>
#include <string>

#include "model/identity.h"

namespace quaywatch::pipeline {

class FakeNames : public model::IdentityLookup {
 public:
  std::map<std::string, model::IdentityRef> holders;  // by address
  std::set<std::string> pending;                      // addresses somebody may still tell of
  std::map<std::string, std::string> services;        // by address
  std::set<std::string> host;
  mutable int questions = 0;

  void Add(const std::string& address, model::EndpointKind kind, const std::string& name) {
    model::Identity identity;
    identity.kind = kind;
    (kind == model::EndpointKind::kPod ? identity.pod : identity.name) = name;
    holders[address] = std::make_shared<const model::Identity>(identity);
  }

  Answer HolderOf(const model::Endpoint& end, const model::IpAddress&, base::Timestamp,
                  base::Timestamp) const override {
    ++questions;
    const auto found = holders.find(end.address.ToString());
    return {found == holders.end() ? nullptr : found->second, !pending.contains(end.address.ToString())};
  }
  std::string ServiceAt(const model::Endpoint& end, base::Timestamp) const override {
    const auto found = services.find(end.address.ToString());
    return found == services.end() ? std::string() : found->second;
  }
  bool IsHostAddress(const model::IpAddress& address) const override { return host.contains(address.ToString()); }
  bool IsElsewhere(const model::Identity& identity) const override {
    return identity.kind == model::EndpointKind::kNode;
  }
  void Learn(const model::IpAddress&, std::string_view name, const model::IpAddress& address, base::Timestamp,
             base::Duration) override {
    Add(address.ToString(), model::EndpointKind::kOutside, std::string(name));
  }
  std::string InterfaceName(uint32_t netns, uint32_t index) const override {
    return netns == 0 ? "veth" + std::to_string(index) : "eth0";
  }
};

}  // namespace quaywatch::pipeline
