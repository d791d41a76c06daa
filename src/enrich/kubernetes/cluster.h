// SPDX-License-Identifier: Apache-2.0
//
// The cluster as the API tells it, made into claims and services of the directory. One thread.
//
// What it keeps is needed because objects explain each other in any order: a pod's Deployment is known by its
// ReplicaSet, a service's endpoints by its slices. Bounded: kMaxObjects of a kind; those beyond are not taken and
// counted.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/time.h"
#include "enrich/directory.h"
#include "enrich/kubernetes/objects.h"

namespace quaywatch::enrich::kubernetes {

class Cluster {
 public:
  // Kubernetes itself is made for 150,000 pods.
  static constexpr size_t kMaxObjects = 150'000;

  explicit Cluster(Directory& directory) : directory_(directory) {}

  // This machine's name as a node. Before it is set, no node is this machine. Containers are claimed one by one
  // for pods that run here: elsewhere nobody sees them.
  void SetOwnNode(std::string name);

  // The object as it is now.
  void Put(Kind kind, Object object, base::Timestamp now);
  void Remove(Kind kind, const Object& object, base::Timestamp now);
  // All objects of the kind; others that were known are gone.
  void Replace(Kind kind, std::vector<Object> objects, base::Timestamp now);
  // Hands on what follows for other objects (services of their slices, pods of their owners). After each batch of the
  // above.
  void Flush();

  // The node that has an address which `is_own`; empty: none.
  std::string NodeWith(const std::function<bool(const model::IpAddress&)>& is_own);

  uint64_t refused() const { return refused_; }

 private:
  using Held = std::unordered_map<std::string, Object>;
  // Endpoints and slices are the same to us, and only one of them is asked for.
  Held& Of(Kind kind) { return held_[static_cast<size_t>(kind == Kind::kEndpoints ? Kind::kSlices : kind)]; }

  void Added(Object& object, const Object* before, base::Timestamp now);
  void Gone(const Object& object, base::Timestamp now);
  void PodAdded(Pod& pod, const Pod* before, base::Timestamp now);
  void PodGone(const Pod& pod, base::Timestamp now);
  void Disown(const Pod& pod);
  void ClaimPod(const Pod& pod);
  void ClaimNode(const Node& node);
  void ClaimContainers(const Pod& pod, const model::Identity& pod_identity);
  void EndContainers(const Pod& before, const Pod* after, base::Timestamp until);
  void AfterOthers(Pod& pod) const;
  void GaveUp(const Pod& pod, base::Timestamp until);
  Owner WorkloadOf(const Pod& pod);

  Directory& directory_;
  std::string own_node_;
  std::array<Held, kKinds> held_;
  // Of pods that have an owner: their uids by the owner's.
  std::unordered_map<std::string, std::unordered_set<std::string>> pods_of_;
  // Owners that were deleted before their pods: still needed to name these.
  std::unordered_map<std::string, Kind> gone_owners_;
  std::vector<std::string> renamed_;  // uids of pods whose owner told who owns it
  // Keys of slices by their service's key.
  std::unordered_map<std::string, std::unordered_set<std::string>> slices_of_;
  std::unordered_set<std::string> changed_services_;
  // When addresses were given up by pods that ended lately.
  static constexpr size_t kMaxGivenUp = 4096;
  std::map<model::IpAddress, base::Timestamp> given_up_;
  uint64_t refused_ = 0;
};

}  // namespace quaywatch::enrich::kubernetes
