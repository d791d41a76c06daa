// SPDX-License-Identifier: Apache-2.0
//
// The way of a packet: decode → dedup → flow → stream → analyze, and the end of a flow. Start reading here.
#include <algorithm>

#include "flow/conn_record.h"
#include "pipeline/conversation.h"
#include "pipeline/worker.h"

namespace quaywatch::pipeline {

using model::Direction;
using model::Transport;

void Worker::Packet(const model::RawPacket& packet, const Clock& clock) {
  constexpr uint64_t kMemoryLook = 8192;  // packets from one to the next
  if (++counters_.packets % kMemoryLook == 0) KeepWithinMemory();
  counters_.bytes += packet.data.size();
  packet_number_ = packet.number;
  before_ = clock.before;
  Advance(clock.now);
  if (packet.data.empty() || packet.wire_length == 0) return PacketWeird("empty_pcap_header", {}, {});
  if (base::ToUnixNanos(packet.ts) < 0) return PacketWeird("negative_packet_timestamp", {}, {});

  tunnels_.Begin();
  for (const model::Datagram* d = decoder_.Decode(packet); d != nullptr; d = decoder_.Inner()) {
    const bool ends_here = d->carries != model::TunnelType::kNone && options_.host.ends_here(*d);
    if (!d->is_flow()) {
      if (ends_here) break;
      tunnels_.Enter(*d, clock_);
      continue;
    }
    const flow::Conversation ends = flow::Conversation::Of(*d);
    flow::Flow* flow = FlowOf(*d, ends);
    Direction from = flow->DirectionOf(*d, ends.src_port);
    if (flow->host != nullptr && !host_view_.Counts(*flow, ends, *d)) {
      table_.Touch(*flow);
      const HostView::Place place = host_view_.PlaceOf(*flow, from, *d);
      if (place.flow == nullptr) break;  // what a copy carries was seen as well
      flow = place.flow;
      from = place.from;
    }
    namer_.set_subject(flow);
    if (!tunnels_.Pass(*flow, clock_)) {
      FlowWeird(*flow, "tunnel_max_changes_per_connection_exceeded", std::to_string(Tunnels::kMaxChanges), {});
      flow->AddHistory('X');
    }
    switch (d->transport) {
      case Transport::kTcp:
        Tcp(*flow, from, *d);
        break;
      case Transport::kUdp:
        Udp(*flow, from, *d);
        break;
      case Transport::kIcmp:
        Icmp(*flow, from, *d);
        break;
      case Transport::kUnknown:
        Other(*flow, from, *d);
        break;
    }
    table_.Touch(*flow);
    if (ends_here || !tunnels_.Enter(*flow, flow->DirectionOf(*d, ends.src_port), *d, clock_)) break;
  }
  namer_.set_subject(nullptr);
}

flow::Flow* Worker::FlowOf(const model::Datagram& datagram, const flow::Conversation& ends) {
  const uint64_t hash = table_.Hash(ends.key);
  if (flow::Flow* flow = table_.Find(ends.key, hash, clock_)) {
    if (flow->host != nullptr && flow->host->silent) {
      if (!host_view_.IsReused(*flow, datagram)) return flow;
    } else if (flow->tcp != nullptr) {
      FlowObserver observer(*this, *flow);
      if (!flow->tcp->IsReuse(datagram, datagram.ts, observer)) return flow;
    } else if (flow->look.interval.count() == 0 || !flow->look.Ended(flow->last_time, before_, clock_)) {
      return flow;
    }
    table_.Remove(*flow, clock_);
  }
  return &NewFlow(datagram, ends, hash);
}

void Worker::Tcp(flow::Flow& flow, Direction from, const model::Datagram& datagram) {
  FlowObserver observer(*this, flow);
  if (!datagram.flow_weird.empty() && !datagram.checksum_bad) observer.TcpWeird(datagram.flow_weird, {}, true);
  if (datagram.tcp.header_ok && datagram.checksum_bad) {
    observer.TcpWeird("bad_TCP_checksum", {}, true);
    flow.tcp->ChecksumError(from, observer);
  } else if (datagram.tcp.header_ok) {
    const flow::TcpStep step = flow.tcp->Segment(datagram, from, observer);
    if (step.flipped) from = Reverse(from);
    flow.partial = flow.tcp->is_partial();
    // A SYN that gets no answer costs no more than its flow.
    if (flow.attachment != nullptr || step.has_ack || step.deliver || step.do_close) {
      ConversationOf(flow).Segment(from, datagram, step, observer);
    }
    Count(flow, from, datagram);
  }
  flow.deadline = flow.tcp->Deadline(flow.start, flow.last_time, flow.inactivity);
}

void Worker::Udp(flow::Flow& flow, Direction from, const model::Datagram& datagram) {
  constexpr base::Duration kInactivity = std::chrono::minutes(1);
  constexpr uint32_t kHeader = 8;
  const bool orig = from == Direction::kOrig;
  flow::SideCounters& side = flow.side(from);
  if (datagram.checksum_bad) {
    flow.did_weird = true;
    FlowWeird(flow, "bad_UDP_checksum", {}, "UDP");
    if (flow::IsPowerOfTen(++side.checksum_errors)) flow.AddHistory(orig ? 'C' : 'c');
  } else {
    const uint32_t ip_payload = datagram.payload_length + kHeader;
    if (datagram.udp_length != ip_payload) {
      flow.did_weird = true;
      FlowWeird(flow, "UDP_datagram_length_mismatch",
                std::to_string(datagram.udp_length) + " != " + std::to_string(ip_payload), "UDP");
    }
    if (!datagram.flow_weird.empty()) FlowWeird(flow, datagram.flow_weird, {}, "TEREDO");
    flow.last_time = datagram.ts;
    if (side.payload < 0) {
      side.payload = 0;
      flow.AddHistory(orig ? 'D' : 'd');
    }
    side.payload += int64_t{datagram.udp_length} - kHeader;
    ConversationOf(flow).Datagram(from, datagram.payload, datagram.payload_length);
    Count(flow, from, datagram);
  }
  flow.deadline = flow.last_time + (flow.inactivity.count() > 0 ? flow.inactivity : kInactivity);
  if (flow.look.interval.count() > 0) flow.deadline = std::min(flow.deadline, flow.look.Deadline(flow.last_time));
}

void Worker::Icmp(flow::Flow& flow, Direction from, const model::Datagram& datagram) {
  constexpr base::Duration kInactivity = std::chrono::minutes(1);
  if (datagram.checksum_bad) {
    flow.did_weird = true;
    FlowWeird(flow, "bad_ICMP_checksum", {}, "ICMP");
  } else {
    if (!datagram.flow_weird.empty()) {
      flow.did_weird = true;
      FlowWeird(flow, datagram.flow_weird, {}, "ICMP");
    }
    flow.last_time = datagram.ts;
    flow::SideCounters& side = flow.side(from);
    side.payload = std::max<int64_t>(side.payload, 0) + datagram.payload_length;
    // Zeek counts no packet of which the end was not captured.
    if (datagram.payload.size() >= datagram.payload_length) Count(flow, from, datagram);
  }
  flow.deadline = flow.last_time + kInactivity;
}

void Worker::Other(flow::Flow& flow, Direction from, const model::Datagram& datagram) {
  constexpr base::Duration kInactivity = std::chrono::minutes(1);
  flow.last_time = datagram.ts;
  Count(flow, from, datagram);
  flow.deadline = flow.last_time + kInactivity;
}

void Worker::Count(flow::Flow& flow, Direction from, const model::Datagram& datagram) {
  flow.side(from).packets += datagram.wire_packets;
  flow.side(from).ip_bytes += datagram.ip_length;
  if (flow.next_interim != base::Timestamp{} && clock_ >= flow.next_interim) {
    flow.next_interim = clock_ + options_.interim;
    model::Write(namer_, flow::ConnRecord::InterimSchema(), RecordOf(flow));
  }
}

void Worker::EndFlow(flow::Flow& flow, base::Timestamp) {
  if (flow.host != nullptr && !host_view_.Conclude(flow)) return;
  flow::Flow* const before = namer_.set_subject(&flow);
  if (flow.attachment != nullptr) static_cast<Conversation&>(*flow.attachment).Close();
  tunnels_.FlowEnded(flow, clock_);
  model::Write(namer_, RecordOf(flow));
  if (flow.host != nullptr) host_view_.Recorded(flow, clock_);
  ++counters_.records;
  namer_.set_subject(before);
}

}  // namespace quaywatch::pipeline
