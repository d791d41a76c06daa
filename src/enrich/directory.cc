// SPDX-License-Identifier: Apache-2.0
#include "enrich/directory.h"

#include <mutex>
#include <set>

#include "enrich/directory_impl.h"

namespace quaywatch::enrich {
namespace {

// Of one claim; what is beyond is left out.
constexpr size_t kMaxAddresses = 256;
constexpr size_t kMaxPorts = 1024;

}  // namespace

Directory::Directory(DirectoryOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Directory::~Directory() = default;

void Directory::Put(SourceKind source, Claim claim) {
  impl_->KeepChosenLabels(claim.identity.labels);
  if (claim.addresses.size() > kMaxAddresses) claim.addresses.resize(kMaxAddresses);
  if (claim.ports.size() > kMaxPorts) claim.ports.resize(kMaxPorts);
  const base::Timestamp now = impl_->Now();
  const std::unique_lock lock(impl_->mutex);
  const bool is_own_node = impl_->IsOwnNode(claim);
  impl_->claims.Forget(now - kMemory);
  impl_->claims.Put(source, std::move(claim), now);
  if (is_own_node) impl_->FindOwnNode();
}

void Directory::End(SourceKind source, const std::string& id, base::Timestamp until) {
  const base::Timestamp now = impl_->Now();
  const std::unique_lock lock(impl_->mutex);
  impl_->claims.End(source, id, until, now);
  impl_->claims.Forget(now - kMemory);
}

void Directory::Replace(SourceKind source, std::vector<Claim> claims, base::Timestamp now) {
  std::vector<std::string> kept;
  kept.reserve(claims.size());
  for (Claim& claim : claims) {
    kept.push_back(claim.id);
    Put(source, std::move(claim));
  }
  std::vector<std::string> others;
  {
    const std::shared_lock lock(impl_->mutex);
    others = impl_->claims.Others(source, kept);
  }
  // One by one, so that lookups need not wait for all.
  for (const std::string& id : others) End(source, id, now);
}

void Directory::PutService(Service service) {
  const std::unique_lock lock(impl_->mutex);
  const std::string space = service.space;
  const std::string name = service.name;
  impl_->TouchEndpoints(impl_->services.Find(space, name));
  impl_->services.Put(std::move(service));
  impl_->TouchEndpoints(impl_->services.Find(space, name));
}

void Directory::RemoveService(const std::string& space, const std::string& name) {
  const std::unique_lock lock(impl_->mutex);
  impl_->TouchEndpoints(impl_->services.Find(space, name));
  impl_->services.Remove(space, name);
}

void Directory::ReplaceServices(std::vector<Service> services) {
  std::set<std::pair<std::string, std::string>> others;
  {
    const std::shared_lock lock(impl_->mutex);
    impl_->services.ForEach([&](const Service& service) { others.emplace(service.space, service.name); });
  }
  for (Service& service : services) {
    others.erase({service.space, service.name});
    PutService(std::move(service));
  }
  for (const auto& [space, name] : others) RemoveService(space, name);
}

void Directory::SetHostAddresses(std::vector<model::IpAddress> addresses) {
  const std::unique_lock lock(impl_->mutex);
  impl_->own_addresses = {addresses.begin(), addresses.end()};
  impl_->FindOwnNode();
}

void Directory::SetInterfaces(uint32_t netns, const std::vector<Interface>& interfaces) {
  impl_->interfaces.Set(netns, interfaces, impl_->Now(), kMemory);
}

void Directory::SetActive(SourceKind source, bool active) {
  const auto bit = static_cast<uint8_t>(1u << static_cast<unsigned>(source));
  if (active) {
    impl_->active |= bit;
  } else {
    impl_->active &= static_cast<uint8_t>(~bit);
  }
}

DirectoryCounters Directory::counters() const {
  const std::shared_lock lock(impl_->mutex);
  return {.claims = impl_->claims.size(),
          .ended = impl_->claims.ended(),
          .forgotten = impl_->claims.forgotten(),
          .services = impl_->services.size(),
          .dns_names = impl_->dns_names.size()};
}

}  // namespace quaywatch::enrich
