// SPDX-License-Identifier: Apache-2.0
//
// The directory as people list it.
#include <algorithm>
#include <mutex>
#include <unordered_set>

#include "enrich/directory_impl.h"

namespace quaywatch::enrich {
namespace {

template <typename T>
void AddOnce(std::vector<T>& all, const T& one) {
  if (std::ranges::find(all, one) == all.end()) all.push_back(one);
}

void Describe(KnownEndpoint& known, const Version& member) {
  const Claim& claim = member.claim;
  for (const model::IpAddress& address : claim.addresses) AddOnce(known.addresses, address);
  AddOnce(known.sources, member.source);
  if (known.interface.empty()) known.interface = claim.interface;
  if (known.netns == 0) known.netns = claim.netns;
  if (known.container_id.empty()) known.container_id = claim.container_id;
  if (known.pod_uid.empty()) known.pod_uid = claim.pod_uid;
  known.since = std::min(known.since, claim.since);
}

auto ListingOrder(const KnownEndpoint& known) {
  const model::Identity& identity = known.identity;
  const std::string& name = !identity.pod.empty() ? identity.pod : identity.container;
  return std::tuple(identity.space, name.empty() ? identity.name : name, known.addresses, known.since);
}

}  // namespace

std::vector<KnownEndpoint> Directory::Endpoints(bool with_ended) const {
  std::vector<KnownEndpoint> all;
  const std::unique_lock lock(impl_->mutex);
  if (!impl_->host_addresses.empty()) {
    KnownEndpoint& host = all.emplace_back();
    host.identity = *impl_->host;
    host.addresses = {impl_->host_addresses.begin(), impl_->host_addresses.end()};
    host.sources = {SourceKind::kHost};
  }
  // Those that decide first, so that each workload is listed by its holder.
  std::vector<Version*> versions;
  impl_->claims.ForEach([&](Version& version) { versions.push_back(&version); });
  std::ranges::sort(versions, {}, [](const Version* v) {
    return std::tuple(v->claim.until != base::Timestamp::max(), !v->local, v->claim.addresses.empty(), v->claim.since,
                      v->claim.id);
  });
  std::unordered_set<const Version*> listed;
  for (Version* version : versions) {
    const bool ended = version->claim.until != base::Timestamp::max();
    if (listed.contains(version) || (ended && !with_ended)) continue;
    const base::Timestamp at = ended ? version->claim.until - base::Duration(1) : base::Timestamp::max() - kSettle;
    const Group group = Collect(impl_->claims, *version, at);
    KnownEndpoint& known = all.emplace_back();
    known.identity = *Merge(group, impl_->services, impl_->node).identity;
    known.since = version->claim.since;
    known.until = version->claim.until;
    for (const Version* member : group.members) {
      if (ended != (member->claim.until != base::Timestamp::max())) continue;
      listed.insert(member);
      Describe(known, *member);
    }
    std::ranges::sort(known.sources);
  }
  for (KnownEndpoint& known : all) std::ranges::sort(known.addresses);
  std::ranges::sort(all, {}, ListingOrder);
  return all;
}

}  // namespace quaywatch::enrich
