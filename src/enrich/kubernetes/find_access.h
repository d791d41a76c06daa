// SPDX-License-Identifier: Apache-2.0
//
// Which API server we are to ask.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "enrich/kubernetes/kubeconfig.h"
#include "enrich/kubernetes/kubernetes.h"

namespace quaywatch::enrich::kubernetes {

struct Found {
  Access access;
  // The kubelet's own account may ask for nobody else's pods.
  bool of_kubelet = false;
};

// As KubernetesOptions::kubeconfig says. Nothing: there is no API server we know of.
base::Result<std::optional<Found>> FindAccess(const KubernetesOptions& options);

}  // namespace quaywatch::enrich::kubernetes
