// SPDX-License-Identifier: Apache-2.0
//
// What all stages after flow know of a connection.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "model/ids.h"

namespace quaywatch::model {

enum class Direction : uint8_t { kOrig = 0, kResp = 1 };

inline Direction Reverse(Direction direction) {
  return direction == Direction::kOrig ? Direction::kResp : Direction::kOrig;
}

// Lives from a flow's first packet until its record is written; addresses and uid never change, except
// that originator and responder may be exchanged and `partial` set before anything was delivered to
// analyzers.
struct FlowInfo {
  Uid uid;
  FlowId id;
  base::Timestamp start;
  Transport transport = Transport::kUnknown;
  uint8_t ip_proto = 0;
  bool local_orig = false;
  bool local_resp = false;
  bool partial = false;  // TCP: it was already going on when it was first seen, without SYN
};

}  // namespace quaywatch::model
