// SPDX-License-Identifier: Apache-2.0
//
// What the reflectors report, as one state and a line for a person.
#pragma once

#include <string>
#include <vector>

#include "enrich/kubernetes/reflector.h"
#include "enrich/source.h"

namespace quaywatch::enrich::kubernetes {

struct Summary {
  SourceState state = SourceState::kWaiting;
  std::string detail;  // empty: all is well
  uint64_t events = 0;
  uint64_t skipped = 0;
  uint64_t reconnects = 0;
};

// The right to read ReplicaSets and Jobs is welcome, not needed: a Deployment's name follows from its ReplicaSet's.
Summary Summarize(const std::vector<const Reflector*>& reflectors);

}  // namespace quaywatch::enrich::kubernetes
