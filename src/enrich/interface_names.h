// SPDX-License-Identifier: Apache-2.0
//
// Names of network interfaces by namespace and index. Safe to use from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "enrich/directory.h"

namespace quaywatch::enrich {

class InterfaceNames {
 public:
  // Over it no new ones are taken.
  static constexpr size_t kMax = 200'000;

  // All there are in the namespace now. Those that are not among them stay known until `now` + `memory`.
  void Set(uint32_t netns, const std::vector<Directory::Interface>& interfaces, base::Timestamp now,
           base::Duration memory);
  std::string NameOf(uint32_t netns, uint32_t index) const;

  struct Named {
    uint32_t netns = 0;
    Directory::Interface interface;
  };
  std::vector<Named> All() const;

 private:
  struct Known {
    std::string name;
    base::Timestamp until = base::Timestamp::max();
  };
  static uint64_t Key(uint32_t netns, uint32_t index) { return uint64_t{netns} << 32 | index; }
  void Forget(base::Timestamp now);

  mutable std::shared_mutex mutex_;
  std::map<uint64_t, Known> known_;  // by namespace, then index
  std::multimap<base::Timestamp, uint64_t> leaving_;
};

}  // namespace quaywatch::enrich
