// SPDX-License-Identifier: Apache-2.0
#include "enrich/directory_impl.h"

#include <unistd.h>

#include <algorithm>

namespace quaywatch::enrich {
namespace {

using model::EndpointKind;

// Merges of one holder kept for different parts of its time.
constexpr size_t kMaxMerged = 4;

bool IsMachine(const Version& version) {
  const EndpointKind kind = version.claim.identity.kind;
  return kind == EndpointKind::kNode || kind == EndpointKind::kHost;
}

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "";
}

// Of versions with the one that began last first: who was there at that time, else who came so soon after that it may
// only have been noticed late; those first that existed at that time, as the runtime knows.
template <typename Fits>
Version* Latest(const Claims::Versions& versions, base::Timestamp at, Fits fits) {
  Version* soon = nullptr;
  for (Version* version : versions) {
    if (version->until <= at || !fits(*version)) continue;
    if (version->since <= at) return version;
    if (version->since > at + kNoticed) continue;
    if (soon == nullptr || version->created <= at || soon->created > at) soon = version;
  }
  return soon;
}

}  // namespace

bool IsEverywhere(const model::IpAddress& address) {
  const base::Bytes bytes = address.bytes();
  if (address.is_v4()) return bytes[0] == 127 || bytes[0] == 0;
  return std::ranges::all_of(bytes.first(15), [](uint8_t byte) { return byte == 0; }) && bytes[15] <= 1;
}

Directory::Impl::Impl(DirectoryOptions given) : options(std::move(given)) {
  if (options.node.empty()) options.node = HostName();
  if (!options.clock) options.clock = [] { return base::Timestamp(std::chrono::system_clock::now()); };
  FindOwnNode();
}

void Directory::Impl::KeepChosenLabels(std::vector<std::string>& labels) const {
  const auto is_chosen = [&](std::string_view label) {
    const std::string_view key = label.substr(0, label.find('='));
    return std::ranges::any_of(options.labels,
                               [&](const std::string& wanted) { return wanted == "*" || wanted == key; });
  };
  std::erase_if(labels, [&](const std::string& label) { return !is_chosen(label); });
  std::ranges::sort(labels);
}

bool Directory::Impl::IsHost(const model::Endpoint& end) const {
  if (IsEverywhere(end.address)) return end.netns == 0;
  return host_addresses.contains(end.address);
}

bool Directory::Impl::IsNode(const model::IpAddress& address, base::Timestamp at) const {
  return std::ranges::any_of(claims.HoldersOf(address),
                             [&](const Version* version) { return IsMachine(*version) && version->ActiveAt(at); });
}

Version* Directory::Impl::Holder(const model::Endpoint& end, base::Timestamp at) const {
  if (end.netns != 0 && IsEverywhere(end.address)) return InNetns(end.netns, at);
  if (end.owner != nullptr) {
    if (Version* owner = OfOwner(*end.owner, at)) return owner;
  }
  Version* holder = nullptr;
  if (!IsHost(end)) holder = AtAddress(end, at);
  if (holder == nullptr || IsMachine(*holder)) {
    if (Version* workload = HostWorkload(end, at)) return workload;
  }
  return holder;
}

Version* Directory::Impl::OfOwner(const model::SocketOwner& owner, base::Timestamp at) const {
  const auto any = [](const Version&) { return true; };
  if (!owner.container_id.empty()) {
    if (Version* version = Latest(claims.OfContainer(owner.container_id), at, any)) return version;
  }
  return owner.pod_uid.empty() ? nullptr : Latest(claims.OfPod(owner.pod_uid), at, any);
}

// Who listens on that port of this machine, or of another node.
Version* Directory::Impl::HostWorkload(const model::Endpoint& end, base::Timestamp at) const {
  const bool is_host = IsHost(end);
  return Latest(claims.ListeningOn(end.port), at, [&](const Version& version) {
    const auto& addresses = version.claim.addresses;
    if (std::ranges::find(addresses, end.address) != addresses.end()) return true;
    return is_host && (addresses.empty() || std::ranges::any_of(addresses, [&](const model::IpAddress& address) {
                         return host_addresses.contains(address);
                       }));
  });
}

Version* Directory::Impl::InNetns(uint32_t netns, base::Timestamp at) const {
  const Claims::Versions& versions = claims.InNetns(netns, false);
  // The same as for its addresses, if it has any.
  const auto seen = [](const Version& version) { return version.word == SourceKind::kHost; };
  if (Version* holder = Latest(versions, at, seen)) return holder;
  return Latest(versions, at, [](const Version&) { return true; });
}

Version* Directory::Impl::AtAddress(const model::Endpoint& end, base::Timestamp at) const {
  const Claims::Versions& versions = claims.HoldersOf(end.address);
  if (versions.empty()) return nullptr;
  if (end.netns != 0) {
    const auto in_there = [&](const Version& version) { return version.local && version.claim.netns == end.netns; };
    if (Version* holder = Latest(versions, at, in_there)) return holder;
  }
  if (Version* holder = Latest(versions, at, [](const Version& version) { return version.local; })) return holder;
  return Latest(versions, at, [&](const Version& version) { return !version.local && !GaveUp(version, end.address); });
}

// A local claim of the same workload knew of this address: it, not this later news, says until when.
bool Directory::Impl::GaveUp(const Version& claimant, const model::IpAddress& address) const {
  const auto knew = [&](const Version* version) {
    const auto& addresses = version->claim.addresses;
    return version->local && version->source != SourceKind::kState &&
           std::ranges::find(addresses, address) != addresses.end();
  };
  const Claim& claim = claimant.claim;
  return (!claim.pod_uid.empty() && std::ranges::any_of(claims.OfPod(claim.pod_uid), knew)) ||
         (!claim.container_id.empty() && std::ranges::any_of(claims.OfContainer(claim.container_id), knew));
}

const Merged* Directory::Impl::AtHand(const Version& holder, base::Timestamp at, uint64_t generation) {
  if (holder.merged_under != generation) return nullptr;
  for (const Merged& merged : holder.merged) {
    if (merged.from <= at && at < merged.until) return &merged;
  }
  return nullptr;
}

const Merged& Directory::Impl::MergeNow(Version& holder, base::Timestamp at) {
  if (const Merged* merged = AtHand(holder, at, claims.generation())) return *merged;
  if (holder.merged_under != claims.generation() || holder.merged.size() >= kMaxMerged) holder.merged.clear();
  holder.merged_under = claims.generation();
  return holder.merged.emplace_back(Merge(Collect(claims, holder, at), services, node));
}

void Directory::Impl::TouchEndpoints(const Service* service) {
  if (service == nullptr) return;
  for (const Service::Endpoint& end : service->endpoints) claims.Touch(end.address);
}

bool Directory::Impl::IsOwnNode(const Claim& claim) const {
  if (claim.identity.kind == EndpointKind::kHost) return true;
  return claim.identity.kind == EndpointKind::kNode &&
         std::ranges::any_of(claim.addresses,
                             [&](const model::IpAddress& address) { return own_addresses.contains(address); });
}

void Directory::Impl::FindOwnNode() {
  model::Identity identity;
  identity.kind = EndpointKind::kHost;
  identity.name = options.node;
  host_addresses = own_addresses;
  for (const Version* version : claims.Nodes()) {
    const Claim& claim = version->claim;
    if (claim.until != base::Timestamp::max()) continue;
    const auto is_own = [&](const model::IpAddress& address) { return own_addresses.contains(address); };
    if (claim.identity.kind != EndpointKind::kHost && !std::ranges::any_of(claim.addresses, is_own)) continue;
    identity.node = claim.identity.node.empty() ? claim.identity.name : claim.identity.node;
    identity.labels = claim.identity.labels;
    host_addresses.insert(claim.addresses.begin(), claim.addresses.end());
  }
  const std::string now = identity.node.empty() ? options.node : identity.node;
  if (host != nullptr && now == node && *host == identity) return;
  node = now;
  host = std::make_shared<const model::Identity>(std::move(identity));
  claims.TouchAll();
}

}  // namespace quaywatch::enrich
