// SPDX-License-Identifier: Apache-2.0
//
// Runs the pipeline from its sources to its logs.
//
// With one worker everything happens in the calling thread, packet by packet. With more, files are read and
// written by a thread each and the workers do the rest; packets go to workers by the pair of hosts of their
// outermost IP header, so that fragments, tunnels and flows that belong together stay together, and the
// records are the same whatever the number of workers.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/live.h"
#include "pipeline/totals.h"
#include "pipeline/worker.h"

namespace quaywatch::pipeline {

struct Callbacks {
  // Set from a signal handler to end early, with complete logs.
  const std::atomic<bool>& stop;
  // Live: the sockets are open and no worker runs yet.
  std::function<void()> capture_open = [] {};
  // Between 0 and 1, now and then; negative where it is not known.
  std::function<void(double)> progress = [](double) {};
  // Live: about every `statistics_interval` of the wall clock, and at the end.
  std::function<void(const Totals&)> statistics = [](const Totals&) {};
  // Live: about twice a second.
  std::function<void(const Totals&)> totals = [](const Totals&) {};
  base::Duration statistics_interval = std::chrono::minutes(1);  // also of the logs stats and capture_loss
};

// One file after the other, as if they were one. A damaged one ends the run.
base::Result<Totals> RunFiles(const Options& options, const std::vector<std::string>& paths, const std::string& filter,
                              const Callbacks& callbacks);

base::Result<Totals> RunLive(const Options& options, const capture::LiveOptions& live, const Callbacks& callbacks);

}  // namespace quaywatch::pipeline
