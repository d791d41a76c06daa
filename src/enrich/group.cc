// SPDX-License-Identifier: Apache-2.0
#include "enrich/group.h"

#include <algorithm>

namespace quaywatch::enrich {
namespace {

class Walk {
 public:
  Walk(Claims& claims, Version& holder, base::Timestamp at)
      : claims_(claims),
        holder_(holder),
        at_(at < holder.since && holder.since < holder.until ? holder.since : at),
        visit_(claims.NewVisit()) {}

  Group Run() {
    group_.at = at_;
    Take(holder_);
    Follow();
    if (!IsNamed()) {
      AdoptByAddress();
      Follow();
    }
    // A question from just before the holder was noticed is answered as if it came just after.
    if (group_.from <= holder_.since) group_.from = base::Timestamp::min();
    return std::move(group_);
  }

 private:
  // The answer changes where a claim begins or ends.
  void Bound(const Version& version) {
    for (const base::Timestamp edge : {version.since, version.until}) {
      if (edge <= at_) {
        group_.from = std::max(group_.from, edge);
      } else {
        group_.until = std::min(group_.until, edge);
      }
    }
  }

  void Take(Version& version) {
    if (version.visit == visit_ || group_.members.size() >= kMaxGroup) return;
    version.visit = visit_;
    Bound(version);
    group_.members.push_back(&version);
    if (pod_uid_.empty()) pod_uid_ = version.claim.pod_uid;
  }

  void Follow() {
    for (; next_ < group_.members.size(); ++next_) {
      const Version& version = *group_.members[next_];
      const Claim& claim = version.claim;
      if (!claim.container_id.empty()) {
        for (Version* other : claims_.OfContainer(claim.container_id)) Take(*other);
      }
      if (!claim.pod_uid.empty()) {
        for (Version* other : claims_.OfPod(claim.pod_uid)) Take(*other);
      }
      if (version.local && version.ActiveAt(at_)) FollowNetns(version);
    }
  }

  void FollowNetns(const Version& version) {
    for (Version* other : claims_.InNetns(version.claim.netns, version.source == SourceKind::kState)) {
      Bound(*other);
      if (other->visit == visit_ || !IsThere(*other)) continue;
      // Two pods can't share a namespace: one claim is out of date.
      if (!pod_uid_.empty() && !other->claim.pod_uid.empty() && pod_uid_ != other->claim.pod_uid) continue;
      Take(*other);
    }
  }

  // Is the version in its namespace at that time? Of containers that the host's own source saw in there, it has the
  // last word: others learn of an end later.
  bool IsThere(const Version& version) {
    if (!version.ActiveAt(at_)) return false;
    if (version.word == SourceKind::kHost || version.claim.container_id.empty()) return true;
    bool seen = false;
    for (const Version* other : claims_.OfContainer(version.claim.container_id)) {
      if (other->word != SourceKind::kHost || other->claim.netns != version.claim.netns) continue;
      Bound(*other);
      if (other->ActiveAt(at_)) return true;
      seen = true;
    }
    return !seen;
  }

  bool IsNamed() const {
    return std::ranges::any_of(group_.members, [](const Version* member) { return member->word > SourceKind::kHost; });
  }

  // Where ids say nothing, the address does, if it can't have been a former holder's.
  void AdoptByAddress() {
    if (!holder_.local) return;
    for (const model::IpAddress& address : holder_.claim.addresses) {
      const Claims::Versions& versions = claims_.HoldersOf(address);
      for (Version* other : versions) {
        if (other->local) continue;
        Bound(*other);
        if (!other->ActiveAt(at_) || Contradicts(*other) || HeldBefore(versions, *other)) continue;
        Take(*other);
        break;
      }
    }
  }

  bool Contradicts(const Version& other) const {
    return std::ranges::any_of(group_.members, [&](const Version* member) {
      const Claim& a = member->claim;
      const Claim& b = other.claim;
      return (!a.pod_uid.empty() && !b.pod_uid.empty()) || (!a.container_id.empty() && !b.container_id.empty()) ||
             (member->source == SourceKind::kState) != (other.source == SourceKind::kState);
    });
  }

  // Did somebody else here hold the address when `claimant` had it, so that it may mean that one?
  bool HeldBefore(const Claims::Versions& versions, const Version& claimant) const {
    return std::ranges::any_of(versions, [&](const Version* other) {
      return other->local && other != &holder_ && other->since < holder_.since && other->until > claimant.claim.since;
    });
  }

  Claims& claims_;
  Version& holder_;
  base::Timestamp at_;
  uint64_t visit_;
  Group group_;
  size_t next_ = 0;
  std::string pod_uid_;
};

}  // namespace

Group Collect(Claims& claims, Version& holder, base::Timestamp at) { return Walk(claims, holder, at).Run(); }

}  // namespace quaywatch::enrich
