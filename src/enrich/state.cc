// SPDX-License-Identifier: Apache-2.0
//
// The directory as it is saved and loaded.
#include <algorithm>
#include <map>
#include <mutex>

#include "enrich/directory_impl.h"
#include "enrich/saved_state.h"

namespace quaywatch::enrich {

std::string Directory::Save(base::Timestamp now) const {
  SavedState state;
  state.saved = now;
  state.dns_names = impl_->dns_names.All();
  state.interfaces = impl_->interfaces.All();
  {
    const std::shared_lock lock(impl_->mutex);
    state.node = impl_->options.node;
    state.host_addresses = {impl_->own_addresses.begin(), impl_->own_addresses.end()};
    impl_->claims.ForEach([&](const Version& version) { state.claims.push_back({version.word, version.claim}); });
    impl_->services.ForEach([&](const Service& service) { state.services.push_back(service); });
  }
  std::ranges::sort(state.host_addresses);
  std::ranges::sort(state.claims, {}, [](const SavedState::SourceClaim& held) {
    return std::tuple(held.source, held.claim.id, held.claim.since);
  });
  std::ranges::sort(state.dns_names, {},
                    [](const DnsName& name) { return std::tuple(name.address, name.client, name.from, name.name); });
  return WriteState(state);
}

base::Result<> Directory::Load(std::string_view json) {
  base::Result<SavedState> read = ReadState(json);
  if (!read) return base::Fail(read.error().message);
  SavedState& state = *read;
  const base::Timestamp now = impl_->Now();
  {
    const std::unique_lock lock(impl_->mutex);
    for (SavedState::SourceClaim& held : state.claims) {
      impl_->KeepChosenLabels(held.claim.identity.labels);
      impl_->claims.Restore(held.source, std::move(held.claim));
    }
    for (Service& service : state.services) impl_->services.Put(std::move(service));
    impl_->own_addresses.insert(state.host_addresses.begin(), state.host_addresses.end());
    if (!state.node.empty()) impl_->options.node = state.node;
    impl_->FindOwnNode();
    impl_->claims.TouchAll();
  }
  for (const DnsName& name : state.dns_names) impl_->dns_names.Restore(name);
  std::map<uint32_t, std::vector<Interface>> interfaces;
  for (const InterfaceNames::Named& named : state.interfaces) interfaces[named.netns].push_back(named.interface);
  for (const auto& [netns, list] : interfaces) impl_->interfaces.Set(netns, list, now, kMemory);
  return {};
}

}  // namespace quaywatch::enrich
