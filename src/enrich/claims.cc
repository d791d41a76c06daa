// SPDX-License-Identifier: Apache-2.0
#include "enrich/claims.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace quaywatch::enrich {
namespace {

// A change that concerns more versions than this makes all names be merged anew, which is cheaper than the walk.
constexpr size_t kMaxWalk = 4096;

// An API's answer about a container that was asked for before its end may arrive this long after the end.
constexpr base::Duration kLateAnswer = std::chrono::seconds(10);

const Claims::Versions kNobody;

template <typename Map, typename Key>
const Claims::Versions& Find(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? kNobody : found->second;
}

bool IsNode(const Claim& claim) {
  return claim.identity.kind == model::EndpointKind::kNode || claim.identity.kind == model::EndpointKind::kHost;
}

// Whether the version's end is that of a whole workload, and of which: a container's of its own, or a pod's sandbox.
bool IsRuntimes(const Version& version) {
  return version.word == SourceKind::kDocker || version.word == SourceKind::kContainerd;
}
bool IsSandbox(const Claim& claim) {
  return claim.identity.kind == model::EndpointKind::kPod && claim.identity.container.empty();
}

bool SharesAddress(const Claim& a, const Claim& b) {
  return std::ranges::find_first_of(a.addresses, b.addresses) != a.addresses.end();
}

bool Decides(const Version* a, const Version* b) {
  if (a->local != b->local) return a->local;
  if (a->claim.host_network && (a->word == SourceKind::kHost) != (b->word == SourceKind::kHost)) {
    return a->word == SourceKind::kHost;
  }
  if (a->since != b->since) return a->since > b->since;
  return a->word > b->word;
}

void Insert(Claims::Versions& versions, Version* version) {
  versions.insert(std::ranges::upper_bound(versions, version, Decides), version);
  if (versions.size() > Claims::kMaxPerKey) versions.pop_back();
}

template <typename Map, typename Key>
void Erase(Map& map, const Key& key, Version* version) {
  const auto found = map.find(key);
  if (found == map.end()) return;
  std::erase(found->second, version);
  if (found->second.empty()) map.erase(found);
}

uint64_t NetnsKey(uint32_t netns, bool loaded) { return uint64_t{loaded} << 32 | netns; }

// Whether one value contradicts another: what was not said before is no contradiction.
template <typename T>
bool Differs(const T& before, const T& now) {
  return before != T() && now != T() && before != now;
}

// Whether `now` says that another time began for the workload, rather than more about the same.
bool IsAnother(const Claim& before, const Claim& now) {
  return before.addresses != now.addresses || Differs(before.netns, now.netns) ||
         Differs(before.container_id, now.container_id) || Differs(before.pod_uid, now.pod_uid);
}

}  // namespace

void Claims::Put(SourceKind source, Claim claim, base::Timestamp now) {
  auto& current = current_[static_cast<size_t>(source)];
  const auto found = current.find(claim.id);
  if (found == current.end()) return Begin(source, std::move(claim), now);
  Version& before = *found->second;
  const bool ended = before.claim.until != base::Timestamp::max();
  const bool again = ended && before.claim.until <= claim.since;
  const bool decided = !before.claim.addresses.empty() || before.claim.netns != 0 || before.claim.host_network;
  if (again || (decided && IsAnother(before.claim, claim) && before.claim.since < claim.since)) {
    Finish(before, std::min(before.claim.until, claim.since), now);
    current.erase(found);
    return Begin(source, std::move(claim), now);
  }
  // More about the same time. An answer may arrive after the end that it did not know of yet.
  if (!IsAnother(before.claim, claim)) claim.since = std::min(claim.since, before.claim.since);
  if (ended && now < before.told_ended + kLateAnswer) claim.until = std::min(claim.until, before.claim.until);
  TouchAround(before);
  Unindex(before);
  Reopen(before);
  const base::Timestamp until = std::exchange(claim.until, base::Timestamp::max());
  before.claim = std::move(claim);
  Index(before);
  if (until == base::Timestamp::max()) return TouchAround(before);
  Finish(before, until, now);
}

void Claims::Begin(SourceKind source, Claim claim, base::Timestamp now) {
  const base::Timestamp until = claim.until;
  Version* version = Add(source, source, std::move(claim));
  if (version == nullptr) return;
  current_[static_cast<size_t>(source)].emplace(version->claim.id, version);
  if (until != base::Timestamp::max()) Finish(*version, until, now);
}

void Claims::Restore(SourceKind word, Claim claim) { Add(SourceKind::kState, word, std::move(claim)); }

void Claims::End(SourceKind source, const std::string& id, base::Timestamp until, base::Timestamp now) {
  auto& current = current_[static_cast<size_t>(source)];
  const auto found = current.find(id);
  if (found != current.end()) Finish(*found->second, until, now);
}

std::vector<std::string> Claims::Others(SourceKind source, std::span<const std::string> kept) const {
  const std::unordered_set<std::string_view> stay(kept.begin(), kept.end());
  std::vector<std::string> others;
  for (const auto& [id, version] : current_[static_cast<size_t>(source)]) {
    if (!version->ended && !stay.contains(id)) others.push_back(id);
  }
  return others;
}

void Claims::Forget(base::Timestamp before) {
  constexpr int kAtOnce = 64;
  for (int i = 0; i < kAtOnce && !ended_.empty() && ended_.front()->told_ended < before; ++i) Remove(*ended_.front());
}

const Claims::Versions& Claims::HoldersOf(const model::IpAddress& address) const { return Find(by_address_, address); }
const Claims::Versions& Claims::OfContainer(const std::string& container_id) const {
  return Find(by_container_, container_id);
}
const Claims::Versions& Claims::OfPod(const std::string& pod_uid) const { return Find(by_pod_, pod_uid); }
const Claims::Versions& Claims::InNetns(uint32_t netns, bool loaded) const {
  return Find(by_netns_, NetnsKey(netns, loaded));
}
const Claims::Versions& Claims::ListeningOn(uint16_t port) const { return Find(by_port_, port); }

Version* Claims::Add(SourceKind source, SourceKind word, Claim claim) {
  if (!MakeRoom()) return nullptr;
  auto owned = std::make_unique<Version>();
  Version& version = *owned;
  version.source = source;
  version.word = word;
  version.claim = std::move(claim);
  all_.emplace(&version, std::move(owned));
  Index(version);
  TouchAround(version);
  return &version;
}

void Claims::Finish(Version& version, base::Timestamp until, base::Timestamp now) {
  // It can't have ended before it began.
  version.claim.until = std::max(until, version.claim.since);
  Retime(version);
  if (!version.ended) {
    version.ended = true;
    version.told_ended = now;
    version.ended_at = ended_.insert(ended_.end(), &version);
  }
  TouchAround(version);
}

void Claims::Reopen(Version& version) {
  if (version.ended) ended_.erase(version.ended_at);
  version.ended = false;
}

void Claims::Remove(Version& version) {
  TouchAround(version);
  Unindex(version);
  if (version.ended) ended_.erase(version.ended_at);
  auto& current = current_[static_cast<size_t>(version.source)];
  const auto found = current.find(version.claim.id);
  if (found != current.end() && found->second == &version) current.erase(found);
  all_.erase(&version);
}

bool Claims::MakeRoom() {
  if (all_.size() < max_versions_) return true;
  ++forgotten_;
  if (ended_.empty()) return false;
  Remove(*ended_.front());
  return true;
}

void Claims::Index(Version& version) {
  const Claim& claim = version.claim;
  Retime(version);
  if (!claim.container_id.empty()) Insert(by_container_[claim.container_id], &version);
  if (!claim.pod_uid.empty()) Insert(by_pod_[claim.pod_uid], &version);
  if (IsNode(claim)) nodes_.push_back(&version);
  if (claim.host_network) {
    for (const uint16_t port : claim.ports) Insert(by_port_[port], &version);
    return;
  }
  if (claim.netns != 0) {
    Insert(by_netns_[NetnsKey(claim.netns, version.source == SourceKind::kState)], &version);
  }
  for (const model::IpAddress& address : claim.addresses) Insert(by_address_[address], &version);
}

void Claims::Unindex(Version& version) {
  const Claim& claim = version.claim;
  if (!claim.container_id.empty()) Erase(by_container_, claim.container_id, &version);
  if (!claim.pod_uid.empty()) Erase(by_pod_, claim.pod_uid, &version);
  if (IsNode(claim)) std::erase(nodes_, &version);
  for (const uint16_t port : claim.ports) Erase(by_port_, port, &version);
  Erase(by_netns_, NetnsKey(claim.netns, version.source == SourceKind::kState), &version);
  for (const model::IpAddress& address : claim.addresses) Erase(by_address_, address, &version);
}

void Claims::Touch(const model::IpAddress& address) {
  for (Version* version : Versions(HoldersOf(address))) TouchAround(*version);
}

// What the runtime said of the time in which the version's container or pod had its addresses; null: nothing.
const Claim* Claims::RuntimesWord(const Version& version) const {
  const Claim& claim = version.claim;
  const Version* best = nullptr;
  for (const Version* told : claim.pod_uid.empty() ? OfContainer(claim.container_id) : OfPod(claim.pod_uid)) {
    if (!IsRuntimes(*told) || (told->source == SourceKind::kState) != (version.source == SourceKind::kState)) continue;
    if (claim.pod_uid.empty() ? !told->claim.pod_uid.empty() : !IsSandbox(told->claim)) continue;
    // Of several the one that began last before the version did, and of these the one that lasts: when addresses
    // change, the version before ends where it began. An end long before is that of an earlier run.
    if (told->claim.since > claim.since + kNoticed || told->claim.until <= claim.since - kNoticed) continue;
    const auto time = [](const Version& of) { return std::pair(of.claim.since, of.claim.until); };
    if (best == nullptr || time(*told) > time(*best)) best = told;
  }
  return best == nullptr ? nullptr : &best->claim;
}

void Claims::Retime(Version& version) {
  const Claim& claim = version.claim;
  base::Timestamp since = claim.since;
  version.until = claim.until;
  version.created = base::Timestamp::max();
  version.local = claim.netns != 0 && !claim.host_network;
  if (const Claim* word = version.local ? RuntimesWord(version) : nullptr) {
    version.until = std::min(version.until, word->until);
    version.created = word->since;
    if (SharesAddress(*word, claim)) since = std::clamp(word->since, since - kNoticed, since);
  }
  version.since = since;
}

// Tables are in the order of time.
void Claims::RetimeAround(const Version& version) {
  if (!IsRuntimes(version)) return;
  const Claim& claim = version.claim;
  for (Version* other : Versions(claim.pod_uid.empty() ? OfContainer(claim.container_id) : OfPod(claim.pod_uid))) {
    if (other == &version || !other->local) continue;
    Unindex(*other);
    Index(*other);
  }
}

// Walks to everything that a merge could have come by, whatever the time.
void Claims::TouchAround(Version& version) {
  RetimeAround(version);
  const uint64_t visit = NewVisit();
  Versions open;
  const auto reach = [&](const Versions& versions) {
    for (Version* next : versions) {
      if (next->visit == visit) continue;
      next->visit = visit;
      next->merged.clear();
      open.push_back(next);
    }
  };
  version.visit = visit;
  version.merged.clear();
  open.push_back(&version);
  for (size_t i = 0; i < open.size(); ++i) {
    if (open.size() > kMaxWalk) return TouchAll();
    const Claim& claim = open[i]->claim;
    if (!claim.container_id.empty()) reach(OfContainer(claim.container_id));
    if (!claim.pod_uid.empty()) reach(OfPod(claim.pod_uid));
    if (claim.netns != 0) reach(InNetns(claim.netns, open[i]->source == SourceKind::kState));
    if (claim.host_network) continue;
    for (const model::IpAddress& address : claim.addresses) reach(HoldersOf(address));
  }
}

}  // namespace quaywatch::enrich
