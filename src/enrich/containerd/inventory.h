// SPDX-License-Identifier: Apache-2.0
//
// The containers and sandboxes there are, put together from what both APIs tell in any order. Not thread-safe.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "enrich/containerd/object.h"
#include "enrich/directory.h"

namespace quaywatch::enrich::containerd {

class Inventory {
 public:
  // Those over it are left out and counted.
  static constexpr size_t kMaxObjects = 20'000;

  // `own_netns`: the sensor's network namespace; who lives in it shares the machine's.
  explicit Inventory(uint32_t own_netns) : own_netns_(own_netns) {}

  // Adds what an API tells to what is known of the object; what it does not tell stays. It can't bring back who has
  // exited.
  void Put(Object object);
  // The first process of a known object runs; if it had exited, its time begins anew. `netns` 0: not known.
  void Start(const std::string& key, uint32_t pid, uint32_t netns, base::Timestamp at);
  void Exit(const std::string& key);
  void Remove(const std::string& key);

  // Null: unknown.
  const Object* Find(const std::string& key) const;
  // The sandbox of a pod's container, by its id, or else by the pod's uid. Null for others, and if it is not known.
  const Object* SandboxOf(const Object& container) const;

  // What to tell the directory after a change: of the object and, if it is a sandbox, of its containers. Without those
  // that have exited.
  std::vector<Claim> ClaimsAround(const std::string& key) const;
  std::vector<Claim> AllClaims() const;

  uint64_t left_out() const { return left_out_; }

 private:
  void Settle(Object& object);

  uint32_t own_netns_;
  std::unordered_map<std::string, Object> objects_;              // by KeyOf
  std::unordered_map<std::string, std::string> sandbox_by_pod_;  // the key of the sandbox that began last, by pod uid
  uint64_t left_out_ = 0;
};

}  // namespace quaywatch::enrich::containerd
