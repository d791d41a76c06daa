// SPDX-License-Identifier: Apache-2.0
//
// Names of the Kubernetes API: pods with their workloads, services with what stands behind them, nodes
// (docs/kubernetes-names.md).
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "enrich/directory.h"
#include "enrich/source.h"

namespace quaywatch::enrich {

struct KubernetesOptions {
  // Empty: the service account of the pod we run in; else the environment's KUBECONFIG; else what an installer left
  // on this machine (/etc/kubernetes/admin.conf and the like). If there is none of these, the source is absent.
  std::string kubeconfig;
  std::string context;  // of the kubeconfig; empty: its current one
  // This machine's name in the cluster. Empty: the environment's NODE_NAME; else the node that has one of our
  // addresses; else the host name.
  std::string node;
  // For clusters of ten thousands of pods. The others' pods are then not named.
  bool pods_of_this_node_only = false;
};

// Fails, with a line for a person, if a kubeconfig that the user names is of no use.
base::Result<std::unique_ptr<Source>> StartKubernetes(KubernetesOptions options, Directory& directory, Say say);

}  // namespace quaywatch::enrich
