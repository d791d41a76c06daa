// SPDX-License-Identifier: Apache-2.0
//
// Which container and which pod a cgroup belongs to, read from its path as runtimes and the kubelet make it.
#pragma once

#include <string>
#include <string_view>

namespace quaywatch::enrich::host {

struct CgroupOwner {
  std::string container_id;  // 64 hexadecimal digits; empty: none
  std::string pod_uid;       // 8-4-4-4-12 digits with dashes, or the 32 digits of a static pod; empty: none

  bool empty() const { return container_id.empty() && pod_uid.empty(); }
  bool operator==(const CgroupOwner&) const = default;
};

// Of a path below a cgroup root. The innermost container counts where one runs inside another; cgroups that it
// made for itself belong to it. Understood, wherever in the path:
//
//   docker/<id>, lxc/<id>, <anything>/<id>                    cgroupfs driver of any runtime
//   docker-<id>.scope, libpod-<id>.scope, crio-<id>.scope,    systemd driver
//   cri-containerd-<id>.scope, ...:cri-containerd:<id>
//   kubepods/burstable/pod<uid>/<id>, kubepods-burstable-pod<uid with underscores>.slice/...
//
// Monitors of a container (libpod-conmon-<id>.scope, crio-conmon-<id>.scope) are not part of it.
CgroupOwner OwnerOfPath(std::string_view path);

// Of a process: the text of /proc/<pid>/cgroup (cgroups(7)), one line for each hierarchy, of version 1, 2 or both.
CgroupOwner OwnerOfProcess(std::string_view proc_cgroup);

// The path in the hierarchy of version 2 ("0::/..."); empty if the process is not in one.
std::string_view UnifiedPath(std::string_view proc_cgroup);

}  // namespace quaywatch::enrich::host
