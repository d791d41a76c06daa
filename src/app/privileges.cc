// SPDX-License-Identifier: Apache-2.0
#include "app/privileges.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <initializer_list>

namespace quaywatch::app {
namespace {

void KeepOnly(std::initializer_list<unsigned> capabilities) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]{};
  if (syscall(SYS_capget, &header, data) != 0) return;
  __user_cap_data_struct kept[_LINUX_CAPABILITY_U32S_3]{};
  for (const unsigned capability : capabilities) {
    kept[CAP_TO_INDEX(capability)].permitted |= data[CAP_TO_INDEX(capability)].permitted & CAP_TO_MASK(capability);
  }
  for (auto& half : kept) half.effective = half.permitted;
  // Giving up can't fail for want of a right; what the kernel refuses otherwise leaves us as we were.
  syscall(SYS_capset, &header, kept);
}

}  // namespace

void LimitPrivileges() {
  KeepOnly({CAP_NET_RAW, CAP_NET_ADMIN, CAP_NET_BROADCAST, CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH,
            CAP_DAC_OVERRIDE});
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

void DropPrivileges() { KeepOnly({CAP_DAC_OVERRIDE}); }

}  // namespace quaywatch::app
