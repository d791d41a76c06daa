// SPDX-License-Identifier: Apache-2.0
//
// All claims with their history, found by address, id, namespace and port. What belongs together is decided in
// group.h. Not thread-safe: the directory locks around it.
#pragma once

#include <algorithm>
#include <array>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "enrich/address_hash.h"
#include "enrich/directory.h"

namespace quaywatch::enrich {

// How much later than its first packet a workload may be noticed: a source's clock, a queue of events.
inline constexpr base::Duration kNoticed = std::chrono::seconds(1);

// The names of a version's group during a part of its time.
struct Merged {
  base::Timestamp from{};  // good for questions about [from, until)
  base::Timestamp until{};
  model::IdentityRef identity;
  // Of its containers that listen on a port nobody else of them listens on.
  struct PortHolder {
    uint16_t port = 0;
    model::IdentityRef identity;
  };
  std::vector<PortHolder> by_port;
  // Sources that could still tell more, if they are active: bits by SourceKind.
  uint8_t awaited = 0;
};

// A claim as it was for a time. When its addresses or ids change, the source's next claim of the same id is a
// version of its own.
struct Version {
  // What every lookup reads stands together in front.
  // The claim's time, or, of a local one, what the runtime told of its container or pod: that a namespace is there, or
  // gone, is seen later. So late, maybe, that `since` is after `until`.
  base::Timestamp since{};
  base::Timestamp until = base::Timestamp::max();
  base::Timestamp created = base::Timestamp::max();  // when the runtime made it; max: did not tell
  bool local = false;                                // of a namespace of this machine: decides over those that are not
  SourceKind source = SourceKind::kHost;             // who holds it: kState for what was loaded
  SourceKind word = SourceKind::kHost;               // whose word it was: decides precedence
  bool ended = false;                                // and will be forgotten
  uint64_t merged_under = 0;                         // Claims::generation() then
  std::vector<Merged> merged;  // the last few that were asked for; empty once anything of the group changed

  Claim claim;
  std::list<Version*>::iterator ended_at;  // in the order of forgetting; valid if ended
  base::Timestamp told_ended{};
  model::IdentityRef last_name;  // what it was called last, to be given out again if it is the same
  uint64_t visit = 0;            // mark of the last walk that came by

  bool ActiveAt(base::Timestamp at) const { return since <= at && at < until; }
};

class Claims {
 public:
  // Versions found by one key (address, id, namespace); over it the one that began first is no longer found by it.
  static constexpr size_t kMaxPerKey = 512;

  explicit Claims(size_t max_versions) : max_versions_(max_versions) {}

  // `now`: the time of being told.
  void Put(SourceKind source, Claim claim, base::Timestamp now);
  void End(SourceKind source, const std::string& id, base::Timestamp until, base::Timestamp now);
  // A claim that was saved, with its time. It stays, however long ago it ended.
  void Restore(SourceKind word, Claim claim);
  // Ids of the source's current claims but those in `kept`.
  std::vector<std::string> Others(SourceKind source, std::span<const std::string> kept) const;
  // Forgets what was told to have ended before `before`, at most a few, so that it can be called often.
  void Forget(base::Timestamp before);

  using Versions = std::vector<Version*>;
  // Local ones first, and among these the one that began last.
  const Versions& HoldersOf(const model::IpAddress& address) const;
  const Versions& OfContainer(const std::string& container_id) const;
  const Versions& OfPod(const std::string& pod_uid) const;
  // Of live sources, or of a loaded state: their numbers have nothing to do with each other.
  const Versions& InNetns(uint32_t netns, bool loaded) const;
  // With the host's network, listening on that port; those that the host's own source saw listening first.
  const Versions& ListeningOn(uint16_t port) const;
  // This machine and others, as nodes of a cluster.
  const Versions& Nodes() const { return nodes_; }

  // Names around this address must be merged anew.
  void Touch(const model::IpAddress& address);
  // All names must.
  void TouchAll() { ++generation_; }
  uint64_t generation() const { return generation_; }

  template <typename Visit>
  void ForEach(Visit visit) const {
    for (const auto& [version, owned] : all_) visit(*version);
  }

  // A number that no walk had before.
  uint64_t NewVisit() { return ++visits_; }

  size_t size() const { return all_.size(); }
  size_t ended() const { return ended_.size(); }
  uint64_t forgotten() const { return forgotten_; }

 private:
  using ById = std::unordered_map<std::string, Versions>;

  Version* Add(SourceKind source, SourceKind word, Claim claim);
  void Begin(SourceKind source, Claim claim, base::Timestamp now);
  void Finish(Version& version, base::Timestamp until, base::Timestamp now);
  void Reopen(Version& version);
  void Remove(Version& version);
  void Index(Version& version);
  void Unindex(Version& version);
  void TouchAround(Version& version);
  const Claim* RuntimesWord(const Version& version) const;
  void Retime(Version& version);
  void RetimeAround(const Version& version);
  bool MakeRoom();

  size_t max_versions_;
  std::unordered_map<Version*, std::unique_ptr<Version>> all_;
  std::array<std::unordered_map<std::string, Version*>, 5> current_;  // by source and id
  std::unordered_map<model::IpAddress, Versions, AddressHash> by_address_;
  ById by_container_;
  ById by_pod_;
  std::unordered_map<uint64_t, Versions> by_netns_;
  std::unordered_map<uint16_t, Versions> by_port_;
  Versions nodes_;
  std::list<Version*> ended_;  // in the order told
  uint64_t generation_ = 1;
  uint64_t visits_ = 0;
  uint64_t forgotten_ = 0;
};

}  // namespace quaywatch::enrich
