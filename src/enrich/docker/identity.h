// SPDX-License-Identifier: Apache-2.0
//
// What a container's name, image and labels say of who it is.
#pragma once

#include <string>

#include "enrich/docker/types.h"
#include "model/identity.h"

namespace quaywatch::enrich::docker {

struct Description {
  model::Identity identity;
  std::string pod_uid;  // empty: no pod's container
};

// The labels that count, the first group that is there:
//   io.kubernetes.pod.name, .namespace, .uid, io.kubernetes.container.name   set by a kubelet (dockershim, cri-dockerd)
//   com.docker.compose.project, .service                                     set by Compose
//   com.docker.swarm.service.name, com.docker.stack.namespace                set by Swarm
// A container without a name is called by the first 12 digits of its id.
Description Describe(const std::string& id, const Facts& facts);

}  // namespace quaywatch::enrich::docker
