// SPDX-License-Identifier: Apache-2.0
#include "enrich/kubernetes/find_access.h"

#include <cstdlib>
#include <filesystem>

namespace quaywatch::enrich::kubernetes {
namespace {

// Left by installers for the machine's administrator: kubeadm, k3s, RKE2, MicroK8s, k0s; and the kubelet's.
struct KnownPlace {
  const char* path;
  bool of_kubelet;
};
constexpr KnownPlace kPlaces[] = {
    {"/etc/kubernetes/admin.conf", false},  {"/etc/rancher/k3s/k3s.yaml", false},
    {"/etc/rancher/rke2/rke2.yaml", false}, {"/var/snap/microk8s/current/credentials/client.config", false},
    {"/var/lib/k0s/pki/admin.conf", false}, {"/etc/kubernetes/kubelet.conf", true},
    {"/var/lib/kubelet/kubeconfig", true},
};

}  // namespace

base::Result<std::optional<Found>> FindAccess(const KubernetesOptions& options) {
  std::string path = options.kubeconfig;
  if (path.empty()) {
    if (auto access = InCluster()) return Found{std::move(*access)};
    const char* listed = std::getenv("KUBECONFIG");
    // The first of several, as kubectl writes to.
    if (listed) path = std::string(listed).substr(0, std::string_view(listed).find(':'));
  }
  if (!path.empty()) {
    auto access = ReadKubeconfig(path, options.context);
    if (!access) return std::unexpected(access.error());
    return Found{std::move(*access)};
  }
  for (const auto& place : kPlaces) {
    std::error_code ignored;
    if (!std::filesystem::exists(place.path, ignored)) continue;
    if (auto access = ReadKubeconfig(place.path, {})) return Found{std::move(*access), place.of_kubelet};
  }
  return std::nullopt;
}

}  // namespace quaywatch::enrich::kubernetes
