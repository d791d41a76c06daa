// SPDX-License-Identifier: Apache-2.0
#include "enrich/docker/roster.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "enrich/docker/identity.h"

namespace quaywatch::enrich::docker {

Roster::Member* Roster::Get(const std::string& id) {
  const auto found = members_.find(id);
  if (found != members_.end()) return &found->second;
  if (members_.size() >= kMaxContainers) {
    ++skipped_;
    return nullptr;
  }
  return &members_[id];
}

void Roster::Apply(const Event& event) {
  using Kind = Event::Kind;
  ++events_;
  if (event.kind == Kind::kOther) return;
  last_event_ = std::max(last_event_, event.at);
  const bool ends = event.kind == Kind::kDie || event.kind == Kind::kDestroy || event.kind == Kind::kDisconnect;
  if (ends && !members_.contains(event.container)) return;
  Member* const member = Get(event.container);
  // After a new connection the engine repeats some events.
  if (member == nullptr || event.at < member->last_event) return;
  member->last_event = event.at;
  member->event = events_;
  const bool has_facts = !event.facts.name.empty();
  if (has_facts && !member->exact) {
    member->facts = event.facts;
    member->has_facts = true;
  }
  switch (event.kind) {
    case Kind::kCreate:
      Began(*member, event.at);
      Claim(event.container, *member);
      break;
    case Kind::kInit:
    case Kind::kStart:
      Start(event, *member);
      break;
    case Kind::kConnect:
      Connect(event, *member);
      break;
    case Kind::kDisconnect:
      Disconnect(event, *member);
      break;
    case Kind::kRename:
      if (has_facts) member->facts.name = event.facts.name;
      if (member->claimed) Claim(event.container, *member);
      break;
    case Kind::kDie:
      Ended(event.container, *member, event.at);
      break;
    case Kind::kDestroy:
      Ended(event.container, *member, event.at);
      members_.erase(event.container);
      return;
    case Kind::kOther:
      break;
  }
  member->last_kind = event.kind;
}

void Roster::Start(const Event& event, Member& member) {
  // Nobody told of its end. (Podman tells twice of a start: kInit has the network already.)
  const bool again = member.running && !(event.kind == Event::Kind::kStart && member.last_kind == Event::Kind::kInit);
  if (again) Ended(event.container, member, event.at);
  Began(member, event.at);
  member.running = true;
  Claim(event.container, member);
  WantInspect(event.container, member);
}

void Roster::Connect(const Event& event, Member& member) {
  Began(member, event.at);
  if (event.host_network) {
    member.host_network = true;
    Claim(event.container, member);
  } else if (event.network.empty()) {
    member.since = event.at;
    WantInspect(event.container, member);
  } else {
    member.since = event.at;
    if (member.pending.size() < kMaxAttachments && networks_.size() < kMaxNetworks) {
      member.pending[event.network] = events_;
      networks_.insert(event.network);
    } else {
      ++skipped_;
    }
  }
  if (!member.has_facts) WantInspect(event.container, member);
}

void Roster::Disconnect(const Event& event, Member& member) {
  if (event.network.empty()) {
    WantInspect(event.container, member);
    return;
  }
  member.pending.erase(event.network);
  if (member.addresses.erase(event.network) == 0 || !member.claimed) return;
  member.since = event.at;
  Claim(event.container, member);
}

// A time of its own begins: at its creation, and when a stopped one gets its first network or starts again.
void Roster::Began(Member& member, base::Timestamp at) {
  if (!member.claimed && member.pending.empty()) member.since = at;
}

void Roster::Ended(const std::string& id, Member& member, base::Timestamp at) {
  if (member.claimed) directory_.End(SourceKind::kDocker, id, at);
  member.claimed = member.running = false;
  member.netns = 0;
  member.addresses.clear();
  member.pending.clear();
}

void Roster::Claim(const std::string& id, Member& member) {
  if (!member.has_facts) return;
  Description description = Describe(id, member.facts);
  enrich::Claim claim;
  claim.id = id;
  claim.identity = std::move(description.identity);
  claim.container_id = id;
  claim.pod_uid = std::move(description.pod_uid);
  claim.host_network = member.host_network;
  claim.ports = member.ports;
  claim.netns = member.netns;
  for (const auto& [network, addresses] : member.addresses) {
    claim.addresses.insert(claim.addresses.end(), addresses.begin(), addresses.end());
  }
  claim.since = member.since;
  member.claimed = true;
  directory_.Put(SourceKind::kDocker, std::move(claim));
}

void Roster::WantInspect(const std::string& id, Member& member) {
  if (std::exchange(member.wanted, true)) return;
  inspect_.push_back(id);
}

std::optional<Roster::Question> Roster::NextNetwork() {
  if (networks_.empty()) return std::nullopt;
  return Question{std::move(networks_.extract(networks_.begin()).value()), events_};
}

std::optional<Roster::Question> Roster::NextContainer() {
  while (!inspect_.empty()) {
    std::string id = std::move(inspect_.front());
    inspect_.pop_front();
    const auto found = members_.find(id);
    if (found == members_.end()) continue;
    found->second.wanted = false;
    return Question{std::move(id), events_};
  }
  return std::nullopt;
}

void Roster::Forget() {
  networks_.clear();
  inspect_.clear();
  for (auto& [id, member] : members_) {
    member.wanted = false;
    member.pending.clear();
  }
}

void Roster::Listed(const std::vector<Container>& containers, uint64_t asked, base::Timestamp blind_since,
                    base::Timestamp now) {
  blind_since_ = blind_since;
  std::set<std::string_view> listed;
  for (const Container& container : containers) {
    listed.insert(container.id);
    Member* const member = Get(container.id);
    if (member == nullptr) continue;
    if (!member->exact && member->event <= asked) {
      member->facts = container.facts;
      member->has_facts = true;
    }
    // The list has addresses, too, and can't be held up by a container that hangs.
    if (!member->claimed && member->event <= asked && container.running) {
      member->running = true;
      member->host_network = container.host_network;
      for (const Attachment& attachment : container.attachments) {
        member->addresses[attachment.network] = attachment.addresses;
      }
      member->since = std::min(std::max(container.created, blind_since), now);
      Claim(container.id, *member);
    }
    WantInspect(container.id, *member);
  }
  // Stopped or gone: the engine knows when, if it still knows them at all.
  for (auto& [id, member] : members_) {
    if (!listed.contains(id) && member.event <= asked) WantInspect(id, member);
  }
}

void Roster::Inspected(const Container& container, uint64_t asked, base::Timestamp now) {
  const auto found = members_.find(container.id);
  if (found == members_.end()) return;
  Member& member = found->second;
  if (member.event > asked) {
    if (member.running || !member.has_facts) WantInspect(container.id, member);
    return;
  }
  member.facts = container.facts;
  member.has_facts = member.exact = true;
  if (!container.running) {
    if (member.running) {
      const bool known = container.finished > member.since && container.finished <= now;
      Ended(container.id, member, known ? container.finished : now);
    }
    return;
  }
  std::map<std::string, std::vector<model::IpAddress>> addresses;
  for (const Attachment& attachment : container.attachments) addresses[attachment.network] = attachment.addresses;
  if (!std::exchange(member.running, true) && !member.claimed) {
    member.since = container.started == base::Timestamp{} ? now : container.started;
  } else if (container.started > member.last_event && container.started > member.since) {
    // It was started anew and nobody told.
    member.since = container.started;
  } else if (member.last_event <= blind_since_ && addresses != member.addresses && !member.addresses.empty()) {
    member.since = std::max(member.since, blind_since_);
  }
  member.host_network = container.host_network;
  member.ports = container.exposed_ports;
  member.netns = container.netns;
  member.addresses = std::move(addresses);
  for (const auto& [network, known] : member.addresses) member.pending.erase(network);
  Claim(container.id, member);
}

void Roster::Gone(const std::string& container, base::Timestamp now) {
  const auto found = members_.find(container);
  if (found == members_.end()) return;
  Ended(container, found->second, now);
  members_.erase(found);
}

void Roster::Seen(const std::string& network, const Network& members, uint64_t asked) {
  for (const Network::Member& seen : members.members) {
    const auto found = members_.find(seen.container);
    if (found == members_.end()) continue;
    Member& member = found->second;
    const auto pending = member.pending.find(network);
    // Joined after the question: the answer may be about an earlier time.
    if (pending == member.pending.end() || pending->second > asked) continue;
    member.pending.erase(pending);
    if (member.addresses.size() >= kMaxAttachments) continue;
    member.addresses[network] = seen.addresses;
    Claim(seen.container, member);
  }
}

}  // namespace quaywatch::enrich::docker
