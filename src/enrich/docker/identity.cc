// SPDX-License-Identifier: Apache-2.0
#include "enrich/docker/identity.h"

#include <algorithm>
#include <string_view>

namespace quaywatch::enrich::docker {
namespace {

std::string Label(const Facts& facts, std::string_view key) {
  const auto found = std::ranges::find(facts.labels, key, &std::pair<std::string, std::string>::first);
  return found == facts.labels.end() ? std::string() : found->second;
}

// What a kubelet calls the container that holds a pod's network.
constexpr std::string_view kSandboxName = "POD";

}  // namespace

Description Describe(const std::string& id, const Facts& facts) {
  Description description;
  model::Identity& identity = description.identity;
  identity.kind = model::EndpointKind::kContainer;
  identity.container = facts.name.empty() ? id.substr(0, 12) : facts.name;
  identity.image = facts.image;
  for (const auto& [key, value] : facts.labels) identity.labels.push_back(key + "=" + value);

  if (std::string pod = Label(facts, "io.kubernetes.pod.name"); !pod.empty()) {
    identity.kind = model::EndpointKind::kPod;
    identity.pod = std::move(pod);
    identity.space = Label(facts, "io.kubernetes.pod.namespace");
    identity.container = Label(facts, "io.kubernetes.container.name");
    description.pod_uid = Label(facts, "io.kubernetes.pod.uid");
    if (identity.container == kSandboxName) {
      identity.container.clear();
      identity.image.clear();
    }
  } else if (std::string service = Label(facts, "com.docker.compose.service"); !service.empty()) {
    identity.space = Label(facts, "com.docker.compose.project");
    identity.workload = std::move(service);
    identity.workload_kind = "ComposeService";
  } else if (std::string task = Label(facts, "com.docker.swarm.service.name"); !task.empty()) {
    identity.space = Label(facts, "com.docker.stack.namespace");
    identity.workload = std::move(task);
    identity.workload_kind = "SwarmService";
  }
  return description;
}

}  // namespace quaywatch::enrich::docker
