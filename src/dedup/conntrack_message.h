// SPDX-License-Identifier: Apache-2.0
//
// The kernel's messages about tracked connections, taken apart. Pure: bytes in, connections out.
//
// Source: linux/netfilter/nfnetlink_conntrack.h, nf_conntrack_netlink.c (ctnetlink_fill_info).
#pragma once

#include <cstdint>
#include <functional>

#include "base/bytes.h"
#include "model/ids.h"

namespace quaywatch::dedup {

// A connection as conntrack has it. Ports are those of our flows (model::FlowId): real ones for TCP and UDP, the
// type and the answer's type for ICMP, 0 for everything else.
struct TrackedConnection {
  bool destroyed = false;
  bool answered = false;     // packets went both ways: the originator is who really sent first
  model::FlowId original;    // as the originator sends it
  model::FlowId translated;  // as the responder receives it: the reply's direction, turned round
  uint8_t ip_proto = 0;
  uint16_t zone = 0;
  uint32_t id = 0;  // the kernel's, to tell it from an earlier one with the same addresses

  bool is_translated() const { return original != translated; }
};

using ConnectionHandler = std::function<void(const TrackedConnection&)>;

struct MessageSummary {
  bool done = false;       // a dump's end was among them
  int error = 0;           // errno of an error message; 0: none
  uint32_t malformed = 0;  // messages about connections that lacked something
};

// Takes apart the netlink messages in `bytes`, and hands on each connection. Messages about anything else are
// skipped. REQUIRES: aligned for nlmsghdr (4 bytes).
MessageSummary ReadConntrackMessages(base::Bytes bytes, const ConnectionHandler& handler);

}  // namespace quaywatch::dedup
