// SPDX-License-Identifier: Apache-2.0
//
// Live capture: an AF_PACKET TPACKET_V3 ring (packet(7), linux/if_packet.h) in the current network
// namespace. Never sets promiscuous mode. Frames come as they were on the interface, VLAN tags included,
// loopback traffic once; frames of interfaces without a link header begin with the IP header (kRaw).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "capture/source.h"

namespace quaywatch::capture {

struct LiveOptions {
  std::vector<std::string> interfaces;                   // empty: all, also those that appear later
  std::string filter;                                    // pcap-filter(7)
  uint32_t ring_bytes = 64u << 20;                       // per worker
  base::Duration wait = std::chrono::milliseconds(100);  // longest time before Read returns kIdle
};

// `workers` sources that share the traffic: both directions of a host pair (the addresses of the outermost
// IP header) reach the same one, and what is not IP the first. A source ends (kEnd) only when it was bound
// to named interfaces and all of them were removed.
// Fails with a line for a person: no CAP_NET_RAW, no such interface, a filter that is wrong.
base::Result<std::vector<std::unique_ptr<Source>>> OpenLive(const LiveOptions& options, unsigned workers);

}  // namespace quaywatch::capture
