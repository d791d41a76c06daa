// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as messages of the kernel. Names of interfaces in them are a stranger's choice.
#include <cstdlib>
#include <cstring>
#include <vector>

#include "enrich/host/network.h"

using namespace quaywatch;
using namespace quaywatch::enrich;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Messages begin at multiples of four, as the kernel's do.
  std::vector<uint32_t> aligned((size + 3) / 4);
  if (size > 0) std::memcpy(aligned.data(), data, size);
  const base::Bytes messages(reinterpret_cast<const uint8_t*>(aligned.data()), size);
  host::Network network(0);
  for (const host::Nsid where : {host::kNoNsid, 1}) {
    network.At({base::FromUnixNanos(1), {}});
    host::ReadMessages(messages, where, network);
    for (const host::Nsid nsid : network.TakeUnread()) {
      network.BeginDump(nsid);
      host::ReadMessages(messages, nsid, network);
      network.EndDump(true);
    }
  }
  for (const auto& [nsid, space] : network.namespaces()) {
    if (network.IsAttached(space) && network.InterfacesOf(space).empty()) abort();
    network.HostInterfaceOf(nsid, space);
    network.HostEndsOf(space);
  }
  network.Tunnels();
  return 0;
}
