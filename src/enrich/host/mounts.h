// SPDX-License-Identifier: Apache-2.0
//
// Network namespaces that are kept by a mount: those of `ip netns` and CNI (/run/netns/NAME) and Docker's
// (<exec-root>/netns/<digits>).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quaywatch::enrich::host {

struct NamespaceMount {
  uint32_t inode = 0;  // as in "net:[4026531840]"
  std::string path;    // of the mount, as the owner of the table sees it

  // The path's last part: what `ip netns` and CNI call it.
  std::string_view name() const;
};

// Most taken from one table; what is beyond it is not known.
inline constexpr size_t kMaxNamespaceMounts = 16'384;

// From the text of /proc/<pid>/mountinfo (proc(5)). Mounts of other things, and broken lines, are left out.
std::vector<NamespaceMount> NamespaceMounts(std::string_view mountinfo);

// The number in "net:[4026531840]"; 0 for anything else.
uint32_t NamespaceInode(std::string_view text);

}  // namespace quaywatch::enrich::host
