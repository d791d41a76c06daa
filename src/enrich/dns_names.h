// SPDX-License-Identifier: Apache-2.0
//
// Names that clients were told for addresses, to name outside ends of connections. Safe to use from any thread.
#pragma once

#include <array>
#include <atomic>
#include <list>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "enrich/address_hash.h"
#include "model/identity.h"

namespace quaywatch::enrich {

struct DnsName {
  model::IpAddress address;
  model::IpAddress client;
  std::string name;
  base::Timestamp from{};
  base::Timestamp until{};
};

// What an address is that nobody claimed: kUnknown if it is private, else kOutside. Addresses set aside for
// documentation (RFC 5737, 3849) stand for public ones wherever they are used.
model::EndpointKind KindOfUnclaimed(const model::IpAddress& address);

class DnsNames {
 public:
  // Clients use an address longer than its TTL says: connections are retried, and libraries cache.
  static constexpr base::Duration kShortest = std::chrono::minutes(10);
  // RFC 2181 8 allows 68 years.
  static constexpr base::Duration kLongest = std::chrono::days(7);
  // Answers about one address; over it the oldest is forgotten.
  static constexpr size_t kMaxPerAddress = 64;
  static constexpr size_t kMaxNameLength = 255;  // RFC 1035 2.3.4

  explicit DnsNames(size_t max_names);

  void Learn(const model::IpAddress& client, std::string_view name, const model::IpAddress& address, base::Timestamp at,
             base::Duration ttl);

  // The outside end under the name by which `client` knew it then, else by which anybody was told last; null if
  // nobody was.
  model::IdentityRef NamedBy(const model::IpAddress& address, const model::IpAddress& client, base::Timestamp at) const;

  // As it was saved.
  void Restore(const DnsName& name);
  std::vector<DnsName> All() const;
  size_t size() const { return size_; }

 private:
  struct Answer {
    model::IpAddress client;
    model::IdentityRef identity;
    base::Timestamp from{};
    base::Timestamp until{};
  };
  struct Known {
    std::vector<Answer> answers;  // the latest last
    std::list<model::IpAddress>::iterator turn;
  };
  // By address, so that workers seldom meet.
  struct Shard {
    mutable std::shared_mutex mutex;
    std::unordered_map<model::IpAddress, Known, AddressHash> known;
    std::list<model::IpAddress> turns;  // the one that was told longest ago first
    size_t size = 0;
  };
  static constexpr size_t kShards = 16;

  Shard& ShardOf(const model::IpAddress& address) { return shards_[AddressHash()(address) >> 60]; }
  const Shard& ShardOf(const model::IpAddress& address) const { return shards_[AddressHash()(address) >> 60]; }
  static model::IdentityRef IdentityNamed(const std::vector<Answer>& answers, const model::IpAddress& address,
                                          std::string_view name);
  void Add(const model::IpAddress& address, std::string_view name, Answer answer);

  size_t max_per_shard_;
  std::array<Shard, kShards> shards_;
  std::atomic<size_t> size_ = 0;
};

}  // namespace quaywatch::enrich
