// SPDX-License-Identifier: Apache-2.0
#include "pipeline/totals.h"

#include <algorithm>

namespace quaywatch::pipeline {
namespace {

void Sum(decode::Counters& sum, const decode::Counters& more) {
  sum.packets += more.packets;
  sum.not_ip += more.not_ip;
  sum.truncated += more.truncated;
  sum.bad_checksum += more.bad_checksum;
  sum.pending_checksum += more.pending_checksum;
  sum.fragments += more.fragments;
  sum.fragments_dropped += more.fragments_dropped;
  sum.tunnels += more.tunnels;
}

void Sum(WorkerCounters& sum, const WorkerCounters& more) {
  sum.packets += more.packets;
  sum.bytes += more.bytes;
  sum.weirds += more.weirds;
  sum.records += more.records;
}

void Sum(flow::TableCounters& sum, const flow::TableCounters& more) {
  sum.created += more.created;
  sum.evicted += more.evicted;
  sum.live += more.live;
  sum.live_peak += more.live_peak;
}

}  // namespace

void Totals::Add(const capture::Counters& source) {
  capture.received += source.received;
  capture.bytes += source.bytes;
  capture.dropped += source.dropped;
  capture.filtered += source.filtered;
  capture.unsupported += source.unsupported;
  capture.dropped_in_namespaces += source.dropped_in_namespaces;
  for (const std::string& name : source.unsupported_interfaces) {
    auto& names = capture.unsupported_interfaces;
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
}

void Totals::Add(const Worker& worker) {
  Sum(workers, worker.counters());
  Sum(decode, worker.decode_counters());
  Sum(flows, worker.flow_counters());
  streams_given_up += worker.stream_budget().given_up;
}

void Totals::Add(const Totals& share) {
  Add(share.capture);
  Sum(workers, share.workers);
  Sum(decode, share.decode);
  Sum(flows, share.flows);
  streams_given_up += share.streams_given_up;
}

}  // namespace quaywatch::pipeline
