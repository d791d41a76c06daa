// SPDX-License-Identifier: Apache-2.0
#include "stages/first_stages.h"

#include "flow/likely_server.h"

namespace quaywatch::bench {
namespace {

using model::Direction;

constexpr base::Duration kInactivity = std::chrono::minutes(1);

class Observer : public flow::TcpObserver {
 public:
  explicit Observer(flow::Flow& flow) : flow_(flow) {}
  void TcpWeird(std::string_view, std::string_view, bool) override { flow_.did_weird = true; }
  bool did_weird() const override { return flow_.did_weird; }
  void AddHistory(char letter) override { flow_.AddHistory(letter); }
  void FlipRoles(bool rewrite) override { flow_.FlipRoles(rewrite); }
  void SetLastTime(base::Timestamp time) override { flow_.last_time = time; }
  base::Timestamp last_time() const override { return flow_.last_time; }

 private:
  flow::Flow& flow_;
};

// Bytes in order end here.
struct Streams : flow::Attachment, stream::StreamSink {
  std::array<stream::Reassembler, 2> sides;
  void OnBytes(base::Bytes) override {}
  void OnHole(uint64_t) override {}
  void OnStreamWeird(std::string_view) override {}
};

stream::SideView ViewOf(const flow::TcpState& tcp, Direction side) {
  const flow::TcpEnd& end = tcp.end(side);
  return {.relative_ack = end.relative_ack(),
          .size = tcp.Size(side),
          .fin_seq = end.fin_seq,
          .has_fin = end.fin_count > 0,
          .no_data_acked = end.no_data_acked(),
          .is_partial = tcp.is_partial()};
}

void Reassemble(flow::Flow& flow, Direction from, const model::Datagram& datagram, const flow::TcpStep& step,
                stream::Budget& budget) {
  if (flow.attachment == nullptr) flow.attachment = std::make_unique<Streams>();
  auto& streams = static_cast<Streams&>(*flow.attachment);
  if (step.has_ack) {
    const Direction other = Reverse(from);
    streams.sides[static_cast<size_t>(other)].Ack(step.relative_ack, ViewOf(*flow.tcp, other), budget, streams);
  }
  if (step.deliver && datagram.payload.size() >= datagram.payload_length) {
    streams.sides[static_cast<size_t>(from)].Data(step.data_seq, datagram.payload.first(datagram.payload_length),
                                                  ViewOf(*flow.tcp, from), budget, streams);
  }
}

}  // namespace

FirstStages::FirstStages(const pipeline::Options& options, LastStage last)
    : last_(last), decoder_(options.decode, *this), table_(options.flow, [](flow::Flow&, base::Timestamp) {}) {}

void FirstStages::Packet(const model::RawPacket& packet, const pipeline::Clock& clock) {
  now_ = clock.now;
  if (last_ >= LastStage::kFlow) table_.Expire(now_);
  for (const model::Datagram* d = decoder_.Decode(packet); d != nullptr; d = decoder_.Inner()) {
    if (last_ < LastStage::kFlow || !d->is_flow()) continue;
    const flow::Conversation ends = flow::Conversation::Of(*d);
    flow::Flow& flow = FlowOf(*d, ends);
    const Direction from = flow.DirectionOf(*d, ends.src_port);
    if (flow.tcp != nullptr) {
      Tcp(flow, from, *d);
    } else {
      flow.last_time = d->ts;
      flow.deadline = d->ts + kInactivity;
    }
    flow.side(from).packets += d->wire_packets;
    flow.side(from).ip_bytes += d->ip_length;
    table_.Touch(flow);
  }
}

flow::Flow& FirstStages::FlowOf(const model::Datagram& datagram, const flow::Conversation& ends) {
  const uint64_t hash = table_.Hash(ends.key);
  if (flow::Flow* flow = table_.Find(ends.key, hash, now_)) {
    if (flow->tcp == nullptr) return *flow;
    Observer observer(*flow);
    if (!flow->tcp->IsReuse(datagram, datagram.ts, observer)) return *flow;
    table_.Remove(*flow, now_);
  }
  flow::Flow& flow = table_.Insert(ends.key, hash);
  flow.id = {datagram.src, datagram.dst, {ends.src_port}, {ends.dst_port}};
  flow.transport = datagram.transport;
  flow.start = datagram.ts;
  flow.last_time = datagram.ts;
  if (flow::BeganWithAnswer(datagram)) flow.FlipRoles();
  if (datagram.transport == model::Transport::kTcp) flow.tcp = std::make_unique<flow::TcpState>();
  return flow;
}

void FirstStages::Tcp(flow::Flow& flow, Direction from, const model::Datagram& datagram) {
  Observer observer(flow);
  if (datagram.tcp.header_ok && !datagram.checksum_bad) {
    const flow::TcpStep step = flow.tcp->Segment(datagram, from, observer);
    if (step.flipped) from = Reverse(from);
    if (last_ >= LastStage::kStream) Reassemble(flow, from, datagram, step, budget_);
    if (step.do_close) flow.tcp->Close(from, false, observer);
  }
  flow.deadline = flow.tcp->Deadline(flow.start, flow.last_time, flow.inactivity);
}

}  // namespace quaywatch::bench
