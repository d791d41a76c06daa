// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "model/packet.h"

namespace quaywatch::pipeline {

// The worker for a packet: by the two addresses of its outermost IP header, the same for both directions.
// What has no such header, and DHCP, whose clients change addresses on the way, goes to worker 0.
unsigned WorkerFor(const model::RawPacket& packet, unsigned workers);

}  // namespace quaywatch::pipeline
