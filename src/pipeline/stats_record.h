// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "model/record.h"
#include "pipeline/runner.h"

namespace quaywatch::pipeline {

// A line of stats.log: how the sensor itself fares. Numbers are since the start but for the live ones.
struct StatsRecord {
  base::Timestamp ts;
  std::string_view peer = "zeek";
  uint64_t packets = 0;
  uint64_t bytes = 0;
  uint64_t dropped = 0;
  uint64_t filtered = 0;
  uint64_t flows = 0;
  uint64_t live_flows = 0;
  uint64_t evicted_flows = 0;
  uint64_t streams_given_up = 0;
  uint64_t fragments_dropped = 0;
  uint64_t weirds = 0;

  static StatsRecord Of(const Totals& totals, base::Timestamp ts);
  static const model::Schema& Schema();
};

// A line of capture_loss.log: what was lost since the line before.
struct CaptureLossRecord {
  base::Timestamp ts;
  base::Duration ts_delta{};
  std::string_view peer = "zeek";
  uint64_t received = 0;
  uint64_t dropped = 0;
  double percent_lost = 0;

  static CaptureLossRecord Of(const Totals& now, const Totals& before, base::Timestamp ts, base::Duration ts_delta);
  static const model::Schema& Schema();
};

}  // namespace quaywatch::pipeline
