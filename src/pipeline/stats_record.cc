// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stats_record.h"

namespace quaywatch::pipeline {

StatsRecord StatsRecord::Of(const Totals& totals, base::Timestamp ts) {
  StatsRecord record;
  record.ts = ts;
  record.packets = totals.capture.received;
  record.bytes = totals.capture.bytes;
  record.dropped = totals.capture.dropped;
  record.filtered = totals.capture.filtered;
  record.flows = totals.flows.created;
  record.live_flows = totals.flows.live;
  record.evicted_flows = totals.flows.evicted;
  record.streams_given_up = totals.streams_given_up;
  record.fragments_dropped = totals.decode.fragments_dropped;
  record.weirds = totals.workers.weirds;
  return record;
}

const model::Schema& StatsRecord::Schema() {
  using R = StatsRecord;
  using model::Col;
  static const model::Schema schema(
      "stats", "How the sensor itself fares, every minute of live capture",
      model::Columns(
          Col<&R::ts>("ts", "When"), Col<&R::peer>("peer", "The sensor"),
          Col<&R::packets>("packets", "Packets taken in since the start", "packets"),
          Col<&R::bytes>("bytes", "Their bytes as captured", "bytes"),
          Col<&R::dropped>("dropped", "Packets the kernel dropped because the sensor was too slow", "packets"),
          Col<&R::filtered>("filtered", "Packets that did not pass the filter", "packets"),
          Col<&R::flows>("flows", "Flows seen since the start", "flows"),
          Col<&R::live_flows>("live_flows", "Flows alive now", "flows"),
          Col<&R::evicted_flows>("evicted_flows", "Flows ended early because of the limit", "flows"),
          Col<&R::streams_given_up>("streams_given_up", "Directions of TCP given up because of a memory limit"),
          Col<&R::fragments_dropped>("fragments_dropped", "IP fragments never put together", "packets"),
          Col<&R::weirds>("weirds", "Weirds noticed, also those not written")));
  return schema;
}

CaptureLossRecord CaptureLossRecord::Of(const Totals& now, const Totals& before, base::Timestamp ts,
                                        base::Duration ts_delta) {
  CaptureLossRecord record;
  record.ts = ts;
  record.ts_delta = ts_delta;
  record.received = now.capture.received - before.capture.received;
  record.dropped = now.capture.dropped - before.capture.dropped;
  const uint64_t all = record.received + record.dropped;
  record.percent_lost = all == 0 ? 0 : 100.0 * static_cast<double>(record.dropped) / static_cast<double>(all);
  return record;
}

const model::Schema& CaptureLossRecord::Schema() {
  using R = CaptureLossRecord;
  using model::Col;
  static const model::Schema schema(
      "capture_loss", "What live capture lost, every minute",
      model::Columns(Col<&R::ts>("ts", "When"), Col<&R::ts_delta>("ts_delta", "Since the line before", "seconds"),
                     Col<&R::peer>("peer", "The sensor"), Col<&R::received>("received", "Packets taken in", "packets"),
                     Col<&R::dropped>("dropped", "Packets the kernel dropped", "packets"),
                     Col<&R::percent_lost>("percent_lost", "Share of all that was dropped", "percent")));
  return schema;
}

}  // namespace quaywatch::pipeline
