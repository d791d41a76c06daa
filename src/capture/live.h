// SPDX-License-Identifier: Apache-2.0
//
// Live capture: AF_PACKET TPACKET_V3 rings (packet(7), linux/if_packet.h) in the current network namespace and in
// those of the machine's workloads. Never sets promiscuous mode. Frames come as they were on the interface, VLAN
// tags included, loopback traffic once; frames of interfaces without a link header begin with the IP header
// (kRaw). They come in the order of the kernel's timestamps, whichever interface shows them (merge.h).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "capture/namespaces.h"
#include "capture/source.h"

namespace quaywatch::capture {

struct LiveOptions {
  std::vector<std::string> interfaces;                   // empty: all, also those that appear later
  std::string filter;                                    // pcap-filter(7)
  uint32_t ring_bytes = 64u << 20;                       // per worker
  base::Duration wait = std::chrono::milliseconds(100);  // longest time before Read returns kIdle
  // Captures in the namespaces that this is told of, too; outlives the sources. Not if interfaces were named:
  // nothing else is wanted then.
  Namespaces* namespaces = nullptr;
};

// `workers` sources that share the traffic: both directions of a host pair (the addresses of the outermost
// IP header) reach the same one, and what is not IP the first; a loopback interface of another namespace has
// one source for all. A source ends (kEnd) only when it was bound to named interfaces and all of them were
// removed.
// Fails with a line for a person: no CAP_NET_RAW, no such interface, a filter that is wrong.
base::Result<std::vector<std::unique_ptr<Source>>> OpenLive(const LiveOptions& options, unsigned workers);

}  // namespace quaywatch::capture
