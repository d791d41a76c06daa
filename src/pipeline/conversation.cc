// SPDX-License-Identifier: Apache-2.0
#include "pipeline/conversation.h"

#include <algorithm>

#include "pipeline/worker.h"

namespace quaywatch::pipeline {

using model::Direction;

void FlowObserver::TcpWeird(std::string_view name, std::string_view addl, bool of_tcp) {
  flow_.did_weird = true;
  worker_.FlowWeird(flow_, name, addl, of_tcp ? "TCP" : "");
}

// Where one direction's bytes go.
class Conversation::Side : public stream::StreamSink {
 public:
  Side(Conversation& conversation, Direction from, flow::TcpObserver& observer)
      : conversation_(conversation), from_(from), observer_(observer) {}

  void OnBytes(base::Bytes bytes) override { conversation_.session().Stream(from_, bytes); }
  void OnHole(uint64_t length) override {
    if (conversation_.flow_.tcp->Gap(from_, observer_)) conversation_.flow_.missed_bytes += length;
    conversation_.session().Gap(from_, length);
  }
  void OnStreamWeird(std::string_view name) override { observer_.TcpWeird(name, {}, true); }

 private:
  Conversation& conversation_;
  Direction from_;
  flow::TcpObserver& observer_;
};

Conversation::Conversation(Worker& worker, flow::Flow& flow) : worker_(worker), flow_(flow) {
  if (flow.tcp != nullptr) streams_ = std::make_unique<std::array<stream::Reassembler, 2>>();
}

analyze::Session& Conversation::session() {
  if (!session_) session_.emplace(worker_.engine_, flow_, *this);
  return *session_;
}

stream::SideView Conversation::ViewOf(Direction side) const {
  const flow::TcpEnd& end = flow_.tcp->end(side);
  return {.relative_ack = end.relative_ack(),
          .size = flow_.tcp->Size(side),
          .fin_seq = end.fin_seq,
          .has_fin = end.fin_count > 0,
          .no_data_acked = end.no_data_acked(),
          .is_partial = flow_.tcp->is_partial()};
}

// Has a side that closed still bytes on the way, or its peer some that it has not acknowledged?
bool Conversation::Pending(Direction side) const {
  const stream::Reassembler& stream = StreamOf(side);
  if (stream.given_up()) return false;
  const flow::TcpEnd& end = flow_.tcp->end(side);
  const uint64_t delivered = static_cast<uint64_t>(end.start_seq) + stream.next_seq();
  const uint64_t last = end.full_last();
  if (last < delivered) return false;
  if (delivered != last && delivered != last - 1) return true;
  return end.state != flow::TcpEndState::kReset && StreamOf(Reverse(side)).has_unacked_data();
}

void Conversation::CheckEnd(Direction side, flow::TcpObserver& observer) {
  bool& ended = ended_[static_cast<size_t>(side)];
  const flow::TcpEnd& end = flow_.tcp->end(side);
  const bool closing =
      end.fin_count > 0 || end.state == flow::TcpEndState::kClosed || end.state == flow::TcpEndState::kReset;
  if (ended || !closing || Pending(side)) return;
  ended = true;
  if (session_) session_->EndOfStream(side);
  flow_.tcp->EndOfStream(side, Pending(side), observer);
}

void Conversation::Segment(Direction from, const model::Datagram& datagram, const flow::TcpStep& step,
                           flow::TcpObserver& observer) {
  const Direction other = Reverse(from);
  if ((datagram.tcp.flags & model::kRst) != 0 && session_) session_->Reset();
  if (step.has_ack) {
    Side side(*this, other, observer);
    StreamOf(other).Ack(step.relative_ack, ViewOf(other), worker_.budget_, side);
    CheckEnd(other, observer);
  }
  if (step.deliver) {
    if (datagram.payload.size() >= datagram.payload_length) {
      Side side(*this, from, observer);
      StreamOf(from).Data(step.data_seq, datagram.payload.first(datagram.payload_length), ViewOf(from), worker_.budget_,
                          side);
    } else {
      observer.TcpWeird("truncated_tcp_payload", {}, true);
    }
  }
  CheckEnd(from, observer);
  if (step.do_close) flow_.tcp->Close(from, Pending(from), observer);
}

void Conversation::Datagram(Direction from, base::Bytes payload, uint32_t length) {
  session().Datagram(from, payload, length);
}

void Conversation::Close() {
  // A flow that was foretold is what it was foretold to be, even if it carried nothing.
  if (!session_ && worker_.engine_.IsExpected(flow_)) session();
  if (session_) session_->Close();
}

void Conversation::AddService(std::string_view name) {
  if (std::ranges::find(flow_.services, name) == flow_.services.end()) flow_.services.push_back(name);
}

void Conversation::RemoveService(std::string_view name) { std::erase(flow_.services, name); }

void Conversation::SetInactivityLook(base::Duration interval, base::Duration silence) {
  flow_.look = {.interval = interval, .silence = silence, .next = worker_.clock_ + interval};
}

void Conversation::MarkHistory(char letter) {
  if (flow_.history.find(letter) == flow_.history.npos) flow_.AddHistory(letter);
}

void Conversation::SessionWeird(std::string_view name, std::string_view addl, std::string_view source) {
  flow_.did_weird = true;
  worker_.FlowWeird(flow_, name, addl, source);
}

}  // namespace quaywatch::pipeline
