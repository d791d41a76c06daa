// SPDX-License-Identifier: Apache-2.0
//
// Community ID, version 1: a name for a connection that other tools (Suricata, Zeek, Arkime, packet
// brokers) derive from the same addresses and ports, so that their records can be joined.
// Specification: github.com/corelight/community-id-spec.
#pragma once

#include <cstdint>
#include <string>

#include "model/ids.h"

namespace quaywatch::flow {

// "1:" and the SHA-1 of the ends in base 64, the same for both directions. `ip_proto` is IANA's number;
// ports count for TCP, UDP and SCTP, type and code for ICMP (as FlowId keeps them). Tools that are to be
// joined must use the same seed; 0 is everybody's default.
std::string CommunityId(const model::FlowId& id, uint8_t ip_proto, uint16_t seed = 0);

}  // namespace quaywatch::flow
