// SPDX-License-Identifier: Apache-2.0
#include "app/privileges.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace quaywatch::app {

void DropPrivileges() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]{};
  if (syscall(SYS_capget, &header, data) != 0) return;
  const uint32_t kept = data[0].permitted & (1u << CAP_DAC_OVERRIDE);
  data[0] = {.effective = kept, .permitted = kept, .inheritable = 0};
  data[1] = {};
  // Giving up can't fail for want of a right; what the kernel refuses otherwise leaves us as we were.
  syscall(SYS_capset, &header, data);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

}  // namespace quaywatch::app
