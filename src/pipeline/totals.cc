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

void Sum(HostCounters& sum, const HostCounters& more) {
  sum.copies += more.copies;
  sum.twin_flows += more.twin_flows;
  sum.twin_packets += more.twin_packets;
}

void Sum(NamerCounters& sum, const NamerCounters& more) {
  sum.waited += more.waited;
  sum.hurried += more.hurried;
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
    auto& interfaces = capture.unsupported_interfaces;
    if (std::ranges::find(interfaces, name) == interfaces.end()) interfaces.push_back(name);
  }
}

void Totals::Add(const Worker& worker) {
  Sum(workers, worker.counters());
  Sum(decode, worker.decode_counters());
  Sum(flows, worker.flow_counters());
  Sum(host, worker.host_counters());
  Sum(names, worker.namer_counters());
  streams_given_up += worker.stream_budget().given_up;
}

void Totals::Add(const Totals& share) {
  Add(share.capture);
  Sum(workers, share.workers);
  Sum(decode, share.decode);
  Sum(flows, share.flows);
  Sum(host, share.host);
  Sum(names, share.names);
  streams_given_up += share.streams_given_up;
}

}  // namespace quaywatch::pipeline
