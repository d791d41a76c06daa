// SPDX-License-Identifier: Apache-2.0
//
// What the later stages keep of a flow (stream and analyze), tied together: the state machine's findings go
// to reassembly, its bytes to the session, and what the session finds out back to the flow.
#pragma once

#include <memory>
#include <optional>

#include "analyze/session.h"
#include "flow/flow.h"
#include "stream/reassembler.h"

namespace quaywatch::pipeline {

class Worker;

class Conversation : public flow::Attachment, public analyze::FlowControl {
 public:
  Conversation(Worker& worker, flow::Flow& flow);

  // A segment, after the state machine has looked at it.
  void Segment(model::Direction from, const model::Datagram& datagram, const flow::TcpStep& step,
               flow::TcpObserver& observer);
  void Datagram(model::Direction from, base::Bytes payload, uint32_t length);
  // The flow is over.
  void Close();

  void AddService(std::string_view name) override;
  void RemoveService(std::string_view name) override;
  void SetInactivityTimeout(base::Duration timeout) override { flow_.inactivity = timeout; }
  void SetInactivityLook(base::Duration interval, base::Duration silence) override;
  void MarkHistory(char letter) override;
  void FlipRoles() override { flow_.FlipNames(); }
  void SessionWeird(std::string_view name, std::string_view addl, std::string_view source) override;

 private:
  class Side;

  analyze::Session& session();
  stream::Reassembler& StreamOf(model::Direction side) const { return (*streams_)[static_cast<size_t>(side)]; }
  bool Pending(model::Direction side) const;
  void CheckEnd(model::Direction side, flow::TcpObserver& observer);
  stream::SideView ViewOf(model::Direction side) const;

  Worker& worker_;
  flow::Flow& flow_;
  std::unique_ptr<std::array<stream::Reassembler, 2>> streams_;  // only of TCP
  std::array<bool, 2> ended_{};
  std::optional<analyze::Session> session_;
};

// The flow as the state machine sees it, for the time of one packet.
class FlowObserver : public flow::TcpObserver {
 public:
  FlowObserver(Worker& worker, flow::Flow& flow) : worker_(worker), flow_(flow) {}
  void TcpWeird(std::string_view name, std::string_view addl, bool of_tcp) override;
  bool did_weird() const override { return flow_.did_weird; }
  void AddHistory(char letter) override { flow_.AddHistory(letter); }
  void FlipRoles(bool rewrite) override { flow_.FlipRoles(rewrite); }
  void SetLastTime(base::Timestamp time) override { flow_.last_time = time; }
  base::Timestamp last_time() const override { return flow_.last_time; }

 private:
  Worker& worker_;
  flow::Flow& flow_;
};

}  // namespace quaywatch::pipeline
