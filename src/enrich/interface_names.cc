// SPDX-License-Identifier: Apache-2.0
#include "enrich/interface_names.h"

#include <mutex>
#include <unordered_set>

namespace quaywatch::enrich {

void InterfaceNames::Set(uint32_t netns, const std::vector<Directory::Interface>& interfaces, base::Timestamp now,
                         base::Duration memory) {
  const std::unique_lock lock(mutex_);
  Forget(now);
  std::unordered_set<uint32_t> present;
  for (const Directory::Interface& interface : interfaces) {
    present.insert(interface.index);
    const uint64_t key = Key(netns, interface.index);
    if (known_.size() >= kMax && !known_.contains(key)) continue;
    known_[key] = {interface.name};
  }
  const auto end = known_.upper_bound(Key(netns, UINT32_MAX));
  for (auto it = known_.lower_bound(Key(netns, 0)); it != end; ++it) {
    Known& known = it->second;
    if (known.until != base::Timestamp::max() || present.contains(static_cast<uint32_t>(it->first))) continue;
    known.until = now + memory;
    leaving_.emplace(known.until, it->first);
  }
}

void InterfaceNames::Forget(base::Timestamp now) {
  while (!leaving_.empty() && leaving_.begin()->first <= now) {
    const auto found = known_.find(leaving_.begin()->second);
    if (found != known_.end() && found->second.until <= now) known_.erase(found);
    leaving_.erase(leaving_.begin());
  }
}

std::string InterfaceNames::NameOf(uint32_t netns, uint32_t index) const {
  const std::shared_lock lock(mutex_);
  const auto found = known_.find(Key(netns, index));
  return found == known_.end() ? std::string() : found->second.name;
}

std::vector<InterfaceNames::Named> InterfaceNames::All() const {
  const std::shared_lock lock(mutex_);
  std::vector<Named> all;
  for (const auto& [key, known] : known_) {
    all.push_back({static_cast<uint32_t>(key >> 32), {static_cast<uint32_t>(key), known.name}});
  }
  return all;
}

}  // namespace quaywatch::enrich
