// SPDX-License-Identifier: Apache-2.0
#include "enrich/containerd/inventory.h"

#include <algorithm>
#include <utility>

#include "enrich/containerd/claims.h"

namespace quaywatch::enrich::containerd {
namespace {

template <typename T>
void Fill(T& value, T& other) {
  if (value == T()) value = std::move(other);
}

// A digest says less than a name.
bool IsDigest(const std::string& image) { return image.starts_with("sha256:"); }

// Fills what `object` does not tell.
void FillFrom(Object& object, Object other) {
  if (object.kind == Object::Kind::kContainer) object.kind = other.kind;
  object.by_cri = object.by_cri || other.by_cri;
  if (IsDigest(object.image) && !other.image.empty()) object.image = std::move(other.image);
  Fill(object.state, other.state);
  Fill(object.name, other.name);
  Fill(object.image, other.image);
  Fill(object.sandbox, other.sandbox);
  Fill(object.space, other.space);
  Fill(object.pod, other.pod);
  Fill(object.pod_uid, other.pod_uid);
  Fill(object.labels, other.labels);
  Fill(object.addresses, other.addresses);
  Fill(object.ports, other.ports);
  Fill(object.host_network, other.host_network);
  Fill(object.pid, other.pid);
  Fill(object.netns_path, other.netns_path);
  Fill(object.netns, other.netns);
  // The earlier of both: one counts from the beginning, the other from the start of the process.
  if (object.created == base::Timestamp{} || (other.created != base::Timestamp{} && other.created < object.created)) {
    object.created = other.created;
  }
}

}  // namespace

void Inventory::Put(Object object) {
  const std::string key = KeyOf(object.group, object.id);
  const auto found = objects_.find(key);
  if (found == objects_.end()) {
    if (objects_.size() >= kMaxObjects) {
      ++left_out_;
      return;
    }
    Settle(objects_.emplace(key, std::move(object)).first->second);
    return;
  }
  Object& known = found->second;
  const bool exited = known.state == Object::State::kExited;
  if (object.by_cri >= known.by_cri) std::swap(known, object);
  FillFrom(known, std::move(object));
  if (exited) known.state = Object::State::kExited;
  Settle(known);
}

void Inventory::Settle(Object& object) {
  if (object.host_network && object.netns == 0) object.netns = own_netns_;
  if (object.netns != 0 && object.netns == own_netns_) object.host_network = true;
  if (object.kind != Object::Kind::kSandbox || object.pod_uid.empty() || object.state == Object::State::kExited) return;
  const std::string key = KeyOf(object.group, object.id);
  std::string& current = sandbox_by_pod_[object.pod_uid];
  const Object* other = current == key ? nullptr : Find(current);
  if (other == nullptr || other->created <= object.created) current = key;
}

void Inventory::Start(const std::string& key, uint32_t pid, uint32_t netns, base::Timestamp at) {
  const auto found = objects_.find(key);
  if (found == objects_.end()) return;
  Object& object = found->second;
  if (object.state == Object::State::kExited) {
    object.created = at;
    object.netns = 0;
    object.host_network = false;
  }
  object.state = Object::State::kRunning;
  if (pid != 0) object.pid = pid;
  if (netns != 0) object.netns = netns;
  Settle(object);
}

void Inventory::Exit(const std::string& key) {
  const auto found = objects_.find(key);
  if (found != objects_.end()) found->second.state = Object::State::kExited;
}

void Inventory::Remove(const std::string& key) {
  const auto found = objects_.find(key);
  if (found == objects_.end()) return;
  const auto sandbox = sandbox_by_pod_.find(found->second.pod_uid);
  if (sandbox != sandbox_by_pod_.end() && sandbox->second == key) sandbox_by_pod_.erase(sandbox);
  objects_.erase(found);
}

const Object* Inventory::Find(const std::string& key) const {
  const auto found = objects_.find(key);
  return found == objects_.end() ? nullptr : &found->second;
}

const Object* Inventory::SandboxOf(const Object& container) const {
  if (container.kind != Object::Kind::kPodContainer) return nullptr;
  if (!container.sandbox.empty()) return Find(KeyOf(container.group, container.sandbox));
  const auto found = sandbox_by_pod_.find(container.pod_uid);
  return found == sandbox_by_pod_.end() ? nullptr : Find(found->second);
}

std::vector<Claim> Inventory::ClaimsAround(const std::string& key) const {
  std::vector<Claim> claims;
  const Object* object = Find(key);
  if (object == nullptr || object->state == Object::State::kExited) return claims;
  claims.push_back(ClaimOf(*object, SandboxOf(*object)));
  if (object->kind != Object::Kind::kSandbox) return claims;
  for (const auto& [other_key, other] : objects_) {
    if (other.state != Object::State::kExited && SandboxOf(other) == object) claims.push_back(ClaimOf(other, object));
  }
  return claims;
}

std::vector<Claim> Inventory::AllClaims() const {
  std::vector<Claim> claims;
  for (const auto& [key, object] : objects_) {
    if (object.state != Object::State::kExited) claims.push_back(ClaimOf(object, SandboxOf(object)));
  }
  return claims;
}

}  // namespace quaywatch::enrich::containerd
