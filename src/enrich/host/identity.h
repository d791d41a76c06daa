// SPDX-License-Identifier: Apache-2.0
//
// What the host can say of who somebody is, without an API.
#pragma once

#include <string>

#include "enrich/host/cgroup_path.h"
#include "model/identity.h"

namespace quaywatch::enrich::host {

// A pod or a container by its cgroup; else a network namespace called `name`.
inline model::Identity IdentityOf(const CgroupOwner& owner, const std::string& name) {
  constexpr size_t kShortId = 12;
  model::Identity identity;
  identity.kind = !owner.pod_uid.empty()        ? model::EndpointKind::kPod
                  : !owner.container_id.empty() ? model::EndpointKind::kContainer
                                                : model::EndpointKind::kNetns;
  identity.container = owner.container_id.substr(0, kShortId);
  if (owner.empty()) identity.name = name;
  return identity;
}

}  // namespace quaywatch::enrich::host
