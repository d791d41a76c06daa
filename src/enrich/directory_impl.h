// SPDX-License-Identifier: Apache-2.0
//
// What the directory is made of. Claims, services and the host's addresses are behind one lock, taken shared for a
// lookup and alone for a change or where names must be merged anew.
#pragma once

#include <atomic>
#include <shared_mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "enrich/claims.h"
#include "enrich/directory.h"
#include "enrich/dns_names.h"
#include "enrich/group.h"
#include "enrich/interface_names.h"
#include "enrich/services.h"

namespace quaywatch::enrich {

class Directory::Impl {
 public:
  explicit Impl(DirectoryOptions options);

  base::Timestamp Now() const { return options.clock(); }
  void KeepChosenLabels(std::vector<std::string>& labels) const;

  // REQUIRES, for all below: the lock is held; for those not const, alone.

  // Who held this end, as far as claims tell. Null: nobody.
  Version* Holder(const model::Endpoint& end, base::Timestamp at) const;
  // The names at that time if they are at hand; null if they must be merged.
  static const Merged* AtHand(const Version& holder, base::Timestamp at, uint64_t generation);
  const Merged& MergeNow(Version& holder, base::Timestamp at);

  Answer AnswerUnclaimed(const model::Endpoint& end, const model::IpAddress& peer, base::Timestamp at,
                         base::Timestamp now) const;
  bool IsInDoubt(const Version& holder, const model::Endpoint& end, base::Timestamp at) const;

  bool IsHost(const model::Endpoint& end) const;
  bool IsNode(const model::IpAddress& address, base::Timestamp at) const;
  void TouchEndpoints(const Service* service);
  bool IsOwnNode(const Claim& claim) const;
  // Who this machine is, as a node of the cluster.
  void FindOwnNode();

  DirectoryOptions options;
  std::atomic<uint8_t> active = 0;  // bits by SourceKind

  mutable std::shared_mutex mutex;
  Claims claims{kMaxClaims};
  Services services;
  std::unordered_set<model::IpAddress, AddressHash> own_addresses;   // as the host's source told
  std::unordered_set<model::IpAddress, AddressHash> host_addresses;  // and those of our node in the cluster
  std::string node;                                                  // as Kubernetes calls it; else options.node
  model::IdentityRef host;

  DnsNames dns_names{kMaxDnsNames};
  InterfaceNames interfaces;

 private:
  Version* OfOwner(const model::SocketOwner& owner, base::Timestamp at) const;
  Version* HostWorkload(const model::Endpoint& end, base::Timestamp at) const;
  Version* InNetns(uint32_t netns, base::Timestamp at) const;
  Version* AtAddress(const model::Endpoint& end, base::Timestamp at) const;
  bool GaveUp(const Version& claimant, const model::IpAddress& address) const;
};

// Addresses that every namespace has.
bool IsEverywhere(const model::IpAddress& address);

}  // namespace quaywatch::enrich
