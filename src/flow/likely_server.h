// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "model/datagram.h"

namespace quaywatch::flow {

// Did the sender of a flow's first packet answer rather than ask? Decided by the ports where the beginning
// was not seen; Zeek's rule and its likely_server_ports.
bool BeganWithAnswer(const model::Datagram& first);

}  // namespace quaywatch::flow
