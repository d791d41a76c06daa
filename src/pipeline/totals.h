// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "capture/source.h"
#include "pipeline/worker.h"

namespace quaywatch::pipeline {

// What a run did so far, over all workers.
struct Totals {
  capture::Counters capture;
  WorkerCounters workers;
  decode::Counters decode;
  flow::TableCounters flows;
  HostCounters host;
  NamerCounters names;
  uint64_t streams_given_up = 0;
  base::Timestamp first{}, last{};  // packet time
  std::string damage;               // empty if the input was whole; else one line

  void Add(const capture::Counters& source);
  void Add(const Worker& worker);
  // Of another share of the same run.
  void Add(const Totals& share);
};

}  // namespace quaywatch::pipeline
