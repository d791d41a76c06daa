// SPDX-License-Identifier: Apache-2.0
#include "enrich/kubernetes/cluster.h"

#include <algorithm>
#include <tuple>

namespace quaywatch::enrich::kubernetes {
namespace {

constexpr SourceKind kSource = SourceKind::kKubernetes;

std::string ServiceKey(const Slice& slice) { return slice.space + "/" + slice.service; }

std::string NodeId(const Node& node) { return "node/" + node.name; }

std::string ImagesOf(const Pod& pod) {
  std::string images;
  std::vector<std::string_view> seen;
  for (const auto& container : pod.containers) {
    if (container.image.empty() || std::ranges::find(seen, container.image) != seen.end()) continue;
    seen.push_back(container.image);
    if (!images.empty()) images += ',';
    images += container.image;
  }
  return images;
}

std::vector<uint16_t> PortsOf(const Pod& pod) {
  std::vector<uint16_t> ports;
  for (const auto& container : pod.containers)
    ports.insert(ports.end(), container.ports.begin(), container.ports.end());
  return ports;
}

}  // namespace

void Cluster::SetOwnNode(std::string name) {
  own_node_ = std::move(name);
  for (const auto& [key, node] : Of(Kind::kNodes)) ClaimNode(std::get<Node>(node));
  for (const auto& [uid, object] : Of(Kind::kPods)) {
    const auto& pod = std::get<Pod>(object);
    if (pod.node == own_node_ && !pod.over) ClaimPod(pod);
  }
}

void Cluster::Put(Kind kind, Object object, base::Timestamp now) {
  Held& held = Of(kind);
  const auto key = KeyOf(object);
  const auto found = held.find(key);
  if (found == held.end()) {
    if (held.size() >= kMaxObjects) {
      ++refused_;
      return;
    }
    Added(object, nullptr, now);
    held.emplace(key, std::move(object));
    return;
  }
  const Object before = std::exchange(found->second, std::move(object));
  Added(found->second, &before, now);
}

void Cluster::Remove(Kind kind, const Object& object, base::Timestamp now) {
  Held& held = Of(kind);
  const auto found = held.find(KeyOf(object));
  if (found == held.end()) return;
  if (std::holds_alternative<Owned>(object) && pods_of_.contains(found->first)) {
    gone_owners_.emplace(found->first, kind);
    return;
  }
  Object last = std::move(found->second);
  held.erase(found);
  if (auto* pod = std::get_if<Pod>(&last)) {
    if (pod->over) return;
    pod->until = std::get<Pod>(object).until;  // its last state tells when its containers ended
  }
  Gone(last, now);
}

void Cluster::Replace(Kind kind, std::vector<Object> objects, base::Timestamp now) {
  std::unordered_set<std::string> keys;
  for (const auto& object : objects) keys.insert(KeyOf(object));
  std::vector<Object> gone;
  for (const auto& [key, object] : Of(kind)) {
    if (!keys.contains(key)) gone.push_back(object);
  }
  // First what is gone: an address may have gone over to a new pod.
  for (const auto& object : gone) Remove(kind, object, now);
  for (auto& object : objects) Put(kind, std::move(object), now);
}

void Cluster::Added(Object& object, const Object* before, base::Timestamp now) {
  if (auto* pod = std::get_if<Pod>(&object)) {
    PodAdded(*pod, before ? std::get_if<Pod>(before) : nullptr, now);
  } else if (std::holds_alternative<Service>(object)) {
    changed_services_.insert(KeyOf(object));
  } else if (const auto* slice = std::get_if<Slice>(&object)) {
    if (before && *slice == std::get<Slice>(*before)) return;
    if (before) Gone(*before, now);
    if (slice->service.empty()) return;
    slices_of_[ServiceKey(*slice)].insert(KeyOf(object));
    changed_services_.insert(ServiceKey(*slice));
  } else if (const auto* node = std::get_if<Node>(&object)) {
    if (!before || *node != std::get<Node>(*before)) ClaimNode(*node);
  } else if (const auto* owned = std::get_if<Owned>(&object)) {
    const auto pods = pods_of_.find(owned->uid);
    if (pods == pods_of_.end() || (before && *owned == std::get<Owned>(*before))) return;
    renamed_.insert(renamed_.end(), pods->second.begin(), pods->second.end());
  }
}

void Cluster::Gone(const Object& object, base::Timestamp now) {
  if (const auto* pod = std::get_if<Pod>(&object)) {
    PodGone(*pod, now);
  } else if (std::holds_alternative<Service>(object)) {
    changed_services_.insert(KeyOf(object));
  } else if (const auto* slice = std::get_if<Slice>(&object)) {
    const auto slices = slices_of_.find(ServiceKey(*slice));
    if (slices == slices_of_.end()) return;
    slices->second.erase(KeyOf(object));
    if (slices->second.empty()) slices_of_.erase(slices);
    changed_services_.insert(ServiceKey(*slice));
  } else if (const auto* node = std::get_if<Node>(&object)) {
    directory_.End(kSource, NodeId(*node), now);
  }
}

void Cluster::PodAdded(Pod& pod, const Pod* before, base::Timestamp now) {
  if (before && before->over) {
    pod = *before;
    return;
  }
  if (before && before->addresses == pod.addresses) {
    // Restarts of its containers don't change since when it holds its addresses.
    if (before->since != base::Timestamp{}) pod.since = before->since;
  } else {
    AfterOthers(pod);
  }
  if (before && *before == pod) return;
  if (before && before->owner.uid != pod.owner.uid) Disown(*before);
  if (!pod.owner.uid.empty()) pods_of_[pod.owner.uid].insert(pod.uid);
  if (before) EndContainers(*before, &pod, now);
  if (!pod.over) {
    ClaimPod(pod);
    return;
  }
  // One that was over before we came is of use only if it ended lately.
  if (!before && (pod.until == base::Timestamp::max() || pod.until < now - Directory::kMemory)) {
    Disown(pod);
  } else {
    // Claimed once more: a pod that lives for an instant may show its address only at its end.
    pod.until = std::min(pod.until, now);
    ClaimPod(pod);
    PodGone(pod, now);
  }
  pod = Pod{.uid = std::move(pod.uid), .over = true};
}

void Cluster::Disown(const Pod& pod) {
  const auto pods = pods_of_.find(pod.owner.uid);
  if (pods == pods_of_.end()) return;
  pods->second.erase(pod.uid);
  if (!pods->second.empty()) return;
  if (const auto owner = gone_owners_.find(pod.owner.uid); owner != gone_owners_.end()) {
    Of(owner->second).erase(owner->first);
    gone_owners_.erase(owner);
  }
  pods_of_.erase(pods);
}

void Cluster::PodGone(const Pod& pod, base::Timestamp now) {
  Disown(pod);
  const auto until = std::min(pod.until, now);
  directory_.End(kSource, pod.uid, until);
  EndContainers(pod, nullptr, until);
  GaveUp(pod, until);
}

// The API tells when a pod began by the second, and it can't have begun before the last holder of its address
// ended.
void Cluster::AfterOthers(Pod& pod) const {
  const auto latest = pod.since + std::chrono::seconds(1);
  for (const auto& address : pod.addresses) {
    const auto given_up = given_up_.find(address);
    if (given_up != given_up_.end()) pod.since = std::max(pod.since, std::min(given_up->second, latest));
  }
}

void Cluster::GaveUp(const Pod& pod, base::Timestamp until) {
  if (pod.host_network) return;
  if (given_up_.size() + pod.addresses.size() > kMaxGivenUp) {
    std::erase_if(given_up_, [&](const auto& entry) { return entry.second < until - std::chrono::seconds(10); });
    if (given_up_.size() + pod.addresses.size() > kMaxGivenUp) given_up_.clear();
  }
  for (const auto& address : pod.addresses) given_up_[address] = until;
}

Owner Cluster::WorkloadOf(const Pod& pod) {
  const Owner& owner = pod.owner;
  // A static pod is "controlled" by its node.
  if (owner.uid.empty() || owner.kind == "Node") return {"Pod", pod.name, pod.uid};
  const bool replica_set = owner.kind == "ReplicaSet";
  if (!replica_set && owner.kind != "Job") return owner;
  const Held& owners = Of(replica_set ? Kind::kReplicaSets : Kind::kJobs);
  if (const auto found = owners.find(owner.uid); found != owners.end()) {
    const auto& above = std::get<Owned>(found->second).owner;
    return above.uid.empty() ? owner : above;
  }
  // Not told yet, or we may not ask: a Deployment names its ReplicaSets by itself and the hash of the template.
  const std::string suffix = "-" + pod.template_hash;
  if (replica_set && !pod.template_hash.empty() && owner.name.size() > suffix.size() && owner.name.ends_with(suffix)) {
    return {"Deployment", owner.name.substr(0, owner.name.size() - suffix.size()), {}};
  }
  return owner;
}

void Cluster::ClaimPod(const Pod& pod) {
  model::Identity identity;
  identity.kind = model::EndpointKind::kPod;
  identity.space = pod.space;
  identity.pod = pod.name;
  identity.node = pod.node;
  identity.image = ImagesOf(pod);
  identity.labels = pod.labels;
  const Owner workload = WorkloadOf(pod);
  identity.workload = workload.name;
  identity.workload_kind = workload.kind;
  if (!own_node_.empty() && pod.node == own_node_) ClaimContainers(pod, identity);
  // With only one container there is no doubt which it is.
  if (pod.containers.size() == 1) identity.container = pod.containers.front().name;

  Claim claim;
  claim.id = pod.uid;
  claim.identity = std::move(identity);
  claim.addresses = pod.addresses;
  claim.pod_uid = pod.uid;
  claim.until = pod.until;
  claim.host_network = pod.host_network;
  if (pod.host_network) claim.ports = PortsOf(pod);
  claim.since = pod.since;
  directory_.Put(kSource, std::move(claim));
}

void Cluster::ClaimContainers(const Pod& pod, const model::Identity& pod_identity) {
  for (const auto& container : pod.containers) {
    if (container.id.empty()) continue;
    Claim claim;
    claim.id = container.id;
    claim.identity = pod_identity;
    claim.identity.kind = model::EndpointKind::kContainer;
    claim.identity.container = container.name;
    claim.identity.image = container.image;
    claim.container_id = container.id;
    claim.pod_uid = pod.uid;
    claim.ports = container.ports;
    claim.since = pod.since;
    claim.until = pod.until;
    directory_.Put(kSource, std::move(claim));
  }
}

// Ends the claims of the containers that are no longer there.
void Cluster::EndContainers(const Pod& before, const Pod* after, base::Timestamp until) {
  for (const auto& container : before.containers) {
    if (container.id.empty()) continue;
    const auto same = [&](const PodContainer& other) { return other.id == container.id; };
    if (after && std::ranges::any_of(after->containers, same)) continue;
    directory_.End(kSource, container.id, until);
  }
}

void Cluster::ClaimNode(const Node& node) {
  Claim claim;
  claim.id = NodeId(node);
  claim.identity.kind = node.name == own_node_ ? model::EndpointKind::kHost : model::EndpointKind::kNode;
  claim.identity.node = node.name;
  claim.identity.labels = node.labels;
  claim.addresses = node.addresses;
  claim.since = node.since;
  directory_.Put(kSource, std::move(claim));
}

void Cluster::Flush() {
  for (const auto& uid : renamed_) {
    const auto found = Of(Kind::kPods).find(uid);
    if (found != Of(Kind::kPods).end() && !std::get<Pod>(found->second).over) ClaimPod(std::get<Pod>(found->second));
  }
  renamed_.clear();
  for (const auto& key : changed_services_) {
    const auto found = Of(Kind::kServices).find(key);
    if (found == Of(Kind::kServices).end()) {
      const size_t slash = key.find('/');
      directory_.RemoveService(key.substr(0, slash), key.substr(slash + 1));
      continue;
    }
    Service service = std::get<Service>(found->second);
    if (const auto slices = slices_of_.find(key); slices != slices_of_.end()) {
      for (const auto& slice : slices->second) {
        const auto& endpoints = std::get<Slice>(Of(Kind::kSlices).at(slice)).endpoints;
        service.endpoints.insert(service.endpoints.end(), endpoints.begin(), endpoints.end());
      }
    }
    // A pod may be in two slices while it moves from one to the other.
    std::ranges::sort(service.endpoints, {}, [](const auto& e) { return std::tie(e.address, e.pod_uid); });
    const auto repeated = std::ranges::unique(service.endpoints);
    service.endpoints.erase(repeated.begin(), repeated.end());
    directory_.PutService(std::move(service));
  }
  changed_services_.clear();
}

std::string Cluster::NodeWith(const std::function<bool(const model::IpAddress&)>& is_own) {
  for (const auto& [key, object] : Of(Kind::kNodes)) {
    const auto& node = std::get<Node>(object);
    if (std::ranges::any_of(node.addresses, is_own)) return node.name;
  }
  return {};
}

}  // namespace quaywatch::enrich::kubernetes
