// SPDX-License-Identifier: Apache-2.0
//
// The directory's answers for records.
#include <algorithm>
#include <mutex>

#include "enrich/directory_impl.h"

namespace quaywatch::enrich {
namespace {

using model::EndpointKind;
using model::Identity;
using model::IdentityRef;

// An address outside has no name yet: the answer to the client's question may still be on its way through another
// worker.
constexpr base::Duration kSettleOutside = std::chrono::milliseconds(250);

constexpr uint8_t kLive = 0xff & ~(1u << static_cast<unsigned>(SourceKind::kState));

IdentityRef Plain(EndpointKind kind, std::string_view name = {}) {
  Identity identity;
  identity.kind = kind;
  identity.name = name;
  return std::make_shared<const Identity>(std::move(identity));
}

IdentityRef GroupOfAddresses(const model::IpAddress& address) {
  static const IdentityRef kBroadcast = Plain(EndpointKind::kUnknown, "broadcast");
  static const IdentityRef kMulticast = Plain(EndpointKind::kUnknown, "multicast");
  return address.is_v4() && address.bytes()[0] == 255 ? kBroadcast : kMulticast;
}

IdentityRef Unclaimed(EndpointKind kind) {
  static const IdentityRef kUnknown = Plain(EndpointKind::kUnknown);
  static const IdentityRef kOutside = Plain(EndpointKind::kOutside);
  return kind == EndpointKind::kOutside ? kOutside : kUnknown;
}

IdentityRef OnPort(const Merged& merged, uint16_t port) {
  const auto found = std::ranges::find(merged.by_port, port, &Merged::PortHolder::port);
  return found == merged.by_port.end() ? merged.identity : found->identity;
}

}  // namespace

// Nobody claims it: of a private address somebody still may.
Directory::Answer Directory::Impl::AnswerUnclaimed(const model::Endpoint& end, const model::IpAddress& peer,
                                                   base::Timestamp at, base::Timestamp now) const {
  const bool can_wait = (active & kLive) != 0;
  IdentityRef named = dns_names.NamedBy(end.address, peer, at);
  const EndpointKind kind = named != nullptr ? named->kind : KindOfUnclaimed(end.address);
  if (kind == EndpointKind::kUnknown && can_wait && now < at + kSettle) return {nullptr, false};
  if (end.netns != 0 && IsEverywhere(end.address)) {
    return {Plain(EndpointKind::kNetns, "net:[" + std::to_string(end.netns) + "]"), true};
  }
  if (named != nullptr) return {std::move(named), true};
  return {Unclaimed(kind), !can_wait || now >= at + kSettleOutside};
}

// News that would change the answer is on its way: of a namespace nobody has named yet, or of a new holder that
// others told of before it was seen here.
bool Directory::Impl::IsInDoubt(const Version& holder, const model::Endpoint& end, base::Timestamp at) const {
  const Claim& claim = holder.claim;
  if (!holder.local) return false;
  if (claim.container_id.empty() && claim.pod_uid.empty() && at < claim.since + kSettle) return true;
  return std::ranges::any_of(claims.HoldersOf(end.address), [&](const Version* other) {
    const Claim& news = other->claim;
    if (other->local || !other->ActiveAt(at) || news.since <= claim.since) return false;
    const bool same_pod = !news.pod_uid.empty() && news.pod_uid == claim.pod_uid;
    const bool other_pod = !news.pod_uid.empty() && !claim.pod_uid.empty() && !same_pod;
    const bool other_container = !news.container_id.empty() && !claim.container_id.empty() &&
                                 news.container_id != claim.container_id && !same_pod;
    return other_pod || other_container;
  });
}

model::IdentityLookup::Answer Directory::HolderOf(const model::Endpoint& end, const model::IpAddress& peer,
                                                  base::Timestamp at, base::Timestamp now) const {
  if (end.address.is_group()) return {GroupOfAddresses(end.address), true};
  const uint8_t active = impl_->active & kLive;
  const bool late = active == 0 || now >= at + kSettle;
  const auto told = [&](const Version& holder, const Merged& merged) {
    const bool settled = late || holder.source == SourceKind::kState ||
                         ((merged.awaited & active) == 0 && !impl_->IsInDoubt(holder, end, at));
    return Answer{OnPort(merged, end.port), settled};
  };
  {
    const std::shared_lock lock(impl_->mutex);
    const Version* holder = impl_->Holder(end, at);
    if (holder == nullptr) {
      // Its socket is known to be a workload's that nobody has told of yet.
      if (end.owner != nullptr && !late) return {nullptr, false};
      if (impl_->IsHost(end)) return {impl_->host, true};
      if (IdentityRef service = impl_->services.IdentityAt(end.address)) return {std::move(service), true};
    } else if (const Merged* merged = Impl::AtHand(*holder, at, impl_->claims.generation())) {
      return told(*holder, *merged);
    }
    if (holder == nullptr) return impl_->AnswerUnclaimed(end, peer, at, now);
  }
  const std::unique_lock lock(impl_->mutex);
  Version* holder = impl_->Holder(end, at);
  if (holder == nullptr) return {nullptr, late};
  return told(*holder, impl_->MergeNow(*holder, at));
}

std::string Directory::ServiceAt(const model::Endpoint& end, base::Timestamp at) const {
  const std::shared_lock lock(impl_->mutex);
  if (const Service* service = impl_->services.At(end.address, end.port, end.transport)) return FullName(*service);
  const Service* service = impl_->services.AtNodePort(end.port, end.transport);
  if (service == nullptr || !(impl_->IsHost(end) || impl_->IsNode(end.address, at))) return {};
  return FullName(*service);
}

bool Directory::IsHostAddress(const model::IpAddress& address) const {
  if (IsEverywhere(address)) return true;
  const std::shared_lock lock(impl_->mutex);
  return impl_->host_addresses.contains(address);
}

bool Directory::IsElsewhere(const Identity& identity) const {
  if (identity.node.empty()) return false;
  const std::shared_lock lock(impl_->mutex);
  return identity.node != impl_->node && identity.node != impl_->options.node;
}

void Directory::Learn(const model::IpAddress& client, std::string_view name, const model::IpAddress& address,
                      base::Timestamp at, base::Duration ttl) {
  impl_->dns_names.Learn(client, name, address, at, ttl);
}

std::string Directory::InterfaceName(uint32_t netns, uint32_t index) const {
  return impl_->interfaces.NameOf(netns, index);
}

}  // namespace quaywatch::enrich
