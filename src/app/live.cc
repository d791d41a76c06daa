// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "app/commands.h"
#include "app/interrupt.h"
#include "app/privileges.h"
#include "app/sensor.h"
#include "app/watch.h"

namespace quaywatch::app {
namespace {

void SayStatistics(const pipeline::Totals& totals) {
  Say(fmt::format("{} ({:.1f} MB), {} dropped, {} ({} open)", Counted(totals.capture.received, "packet"),
                  static_cast<double>(totals.capture.bytes) / 1e6, totals.capture.dropped,
                  Counted(totals.flows.created, "connection"), totals.flows.live));
}

}  // namespace

int Live(const WatchOptions& watch) {
  LimitPrivileges();
  auto options = PipelineOptions(watch);
  if (!options) {
    Say(options.error().message);
    return kFailure;
  }
  capture::LiveOptions live;
  live.interfaces = watch.interfaces;
  if (std::ranges::find(live.interfaces, "any") != live.interfaces.end()) live.interfaces.clear();
  live.filter = watch.filter;
  live.ring_bytes = watch.ring_mib << 20;

  auto sensor = Sensor::Start(watch);
  if (!sensor) {
    Say(sensor.error().message);
    return kFailure;
  }
  live.namespaces = (*sensor)->namespaces();
  options->host = (*sensor)->host_options();
  options->host.all_interfaces = live.interfaces.empty();

  CatchInterrupts();
  const auto totals = pipeline::RunLive(*options, live,
                                        {.stop = Interrupted(),
                                         .capture_open = DropPrivileges,
                                         .progress = {},
                                         .statistics = SayStatistics,
                                         .totals = [&](const pipeline::Totals& now) { (*sensor)->SetTotals(now); }});
  if (!totals) {
    Say(totals.error().message);
    return kFailure;
  }
  for (const std::string& line : Losses(*totals)) Say(line);
  return kSuccess;
}

}  // namespace quaywatch::app
