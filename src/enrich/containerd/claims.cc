// SPDX-License-Identifier: Apache-2.0
#include "enrich/containerd/claims.h"

#include "enrich/containerd/pod_labels.h"

namespace quaywatch::enrich::containerd {
namespace {

// Digits of an id that a program made up. Whoever uses ctr chooses ids himself.
constexpr size_t kFullId = 64;

std::string ValueOf(const Labels& labels, const char* key) {
  const auto found = labels.find(key);
  return found == labels.end() ? std::string() : found->second;
}

void DescribePod(const Object& pod, model::Identity& identity) {
  identity.kind = model::EndpointKind::kPod;
  identity.space = pod.space;
  identity.pod = pod.pod;
  Owner owner = OwnerOf(pod.pod, pod.labels);
  identity.workload = std::move(owner.name);
  identity.workload_kind = owner.kind;
}

// nerdctl names its containers in labels, ctr's have their id for a name.
void DescribeContainer(const Object& object, model::Identity& identity) {
  constexpr size_t kShortId = 12;
  const bool made_up = object.id.size() == kFullId;
  identity.kind = model::EndpointKind::kContainer;
  identity.container = ValueOf(object.labels, "nerdctl/name");
  if (identity.container.empty()) identity.container = made_up ? object.id.substr(0, kShortId) : object.id;
  identity.space = ValueOf(object.labels, "com.docker.compose.project");
  identity.workload = ValueOf(object.labels, "com.docker.compose.service");
  if (!identity.workload.empty()) identity.workload_kind = "ComposeService";
  if (identity.space.empty()) identity.space = object.group;
}

}  // namespace

Claim ClaimOf(const Object& object, const Object* sandbox) {
  Claim claim;
  claim.id = KeyOf(object.group, object.id);
  if (object.id.size() == kFullId) claim.container_id = object.id;
  claim.pod_uid = object.pod_uid;
  claim.netns = object.netns;
  claim.host_network = object.host_network;
  claim.ports = object.ports;
  claim.since = object.created;
  model::Identity& identity = claim.identity;
  const Labels* labels = &object.labels;
  switch (object.kind) {
    case Object::Kind::kContainer:
      DescribeContainer(object, identity);
      break;
    case Object::Kind::kSandbox:
      DescribePod(object, identity);
      if (!object.host_network) claim.addresses = object.addresses;
      break;
    case Object::Kind::kPodContainer:
      DescribePod(sandbox != nullptr ? *sandbox : object, identity);
      identity.container = object.name;
      if (sandbox == nullptr) break;
      if (claim.pod_uid.empty()) claim.pod_uid = sandbox->pod_uid;
      if (claim.netns == 0) claim.netns = sandbox->netns;
      claim.host_network = claim.host_network || sandbox->host_network;
      labels = &sandbox->labels;
      break;
  }
  identity.image = object.image;
  identity.labels.reserve(labels->size());
  for (const auto& [key, value] : *labels) identity.labels.push_back(key + "=" + value);
  return claim;
}

}  // namespace quaywatch::enrich::containerd
