// SPDX-License-Identifier: Apache-2.0
#include "enrich/dns_names.h"

#include <algorithm>
#include <mutex>

#include "model/prefix.h"

namespace quaywatch::enrich {

model::EndpointKind KindOfUnclaimed(const model::IpAddress& address) {
  static const std::array<model::Prefix, 4> kDocumentation{
      *model::Prefix::Parse("192.0.2.0/24"), *model::Prefix::Parse("198.51.100.0/24"),
      *model::Prefix::Parse("203.0.113.0/24"), *model::Prefix::Parse("2001:db8::/32")};
  const bool documentation =
      std::ranges::any_of(kDocumentation, [&](const model::Prefix& prefix) { return prefix.Contains(address); });
  return address.is_private() && !documentation ? model::EndpointKind::kUnknown : model::EndpointKind::kOutside;
}

DnsNames::DnsNames(size_t max_names) : max_per_shard_(std::max<size_t>(1, max_names / kShards)) {}

void DnsNames::Learn(const model::IpAddress& client, std::string_view name, const model::IpAddress& address,
                     base::Timestamp at, base::Duration ttl) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > kMaxNameLength) return;
  Add(address, name, {client, nullptr, at, at + std::clamp(ttl, kShortest, kLongest)});
}

void DnsNames::Restore(const DnsName& name) {
  if (name.name.empty() || name.name.size() > kMaxNameLength) return;
  Add(name.address, name.name, {name.client, nullptr, name.from, name.until});
}

// Shared by all clients that were told the same.
model::IdentityRef DnsNames::IdentityNamed(const std::vector<Answer>& answers, const model::IpAddress& address,
                                           std::string_view name) {
  const auto same = std::ranges::find(answers, name, [](const Answer& answer) { return answer.identity->name; });
  if (same != answers.end()) return same->identity;
  model::Identity identity;
  identity.kind = KindOfUnclaimed(address);
  identity.name = name;
  return std::make_shared<const model::Identity>(std::move(identity));
}

void DnsNames::Add(const model::IpAddress& address, std::string_view name, Answer answer) {
  Shard& shard = ShardOf(address);
  const std::unique_lock lock(shard.mutex);
  auto [slot, is_new] = shard.known.try_emplace(address);
  Known& known = slot->second;
  if (is_new) {
    known.turn = shard.turns.insert(shard.turns.end(), address);
  } else {
    shard.turns.splice(shard.turns.end(), shard.turns, known.turn);
  }
  auto& answers = known.answers;
  const auto last = std::ranges::find(answers.rbegin(), answers.rend(), answer.client, &Answer::client);
  if (last != answers.rend() && last->identity->name == name && last->from <= answer.from &&
      answer.from < last->until) {
    last->until = std::max(last->until, answer.until);
    return;
  }
  answer.identity = IdentityNamed(answers, address, name);
  const auto place = std::ranges::upper_bound(answers, answer.from, {}, &Answer::from);
  answers.insert(place, std::move(answer));
  ++shard.size;
  ++size_;
  if (answers.size() > kMaxPerAddress) {
    answers.erase(answers.begin());
    --shard.size;
    --size_;
  }
  while (shard.size > max_per_shard_) {
    const auto oldest = shard.known.find(shard.turns.front());
    shard.size -= oldest->second.answers.size();
    size_ -= oldest->second.answers.size();
    shard.known.erase(oldest);
    shard.turns.pop_front();
  }
}

model::IdentityRef DnsNames::NamedBy(const model::IpAddress& address, const model::IpAddress& client,
                                     base::Timestamp at) const {
  const Shard& shard = ShardOf(address);
  const std::shared_lock lock(shard.mutex);
  const auto found = shard.known.find(address);
  if (found == shard.known.end()) return nullptr;
  const Answer* anybody = nullptr;
  for (auto answer = found->second.answers.rbegin(); answer != found->second.answers.rend(); ++answer) {
    if (at < answer->from || at >= answer->until) continue;
    if (answer->client == client) return answer->identity;
    if (anybody == nullptr) anybody = &*answer;
  }
  return anybody == nullptr ? nullptr : anybody->identity;
}

std::vector<DnsName> DnsNames::All() const {
  std::vector<DnsName> all;
  for (const Shard& shard : shards_) {
    const std::shared_lock lock(shard.mutex);
    for (const auto& [address, known] : shard.known) {
      for (const Answer& answer : known.answers) {
        all.push_back({address, answer.client, answer.identity->name, answer.from, answer.until});
      }
    }
  }
  return all;
}

}  // namespace quaywatch::enrich
