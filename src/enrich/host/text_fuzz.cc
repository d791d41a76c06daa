// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as what /proc says of mounts, cgroups and command lines. Paths and arguments are a stranger's choice.
#include <cstdlib>

#include "base/bytes.h"
#include "enrich/host/cgroup_path.h"
#include "enrich/host/docker_proxy.h"
#include "enrich/host/mounts.h"

using namespace quaywatch;
using namespace quaywatch::enrich;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = base::AsText({data, size});
  const host::CgroupOwner owner = host::OwnerOfProcess(text);
  if (!owner.container_id.empty() && owner.container_id.size() != 64) abort();
  if (host::OwnerOfPath(host::UnifiedPath(text)).pod_uid.size() > 36) abort();
  for (const host::NamespaceMount& mount : host::NamespaceMounts(text)) {
    if (mount.inode == 0 || mount.name().size() > mount.path.size()) abort();
  }
  host::ProxyOfCommandLine(text);
  return 0;
}
