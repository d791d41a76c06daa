// SPDX-License-Identifier: Apache-2.0
//
// Which tunnels the flows of one worker come through, and the log of those tunnels. Knows the way to the
// datagram at hand as a stack: Begin for each packet, Enter for each datagram that carries another.
#pragma once

#include <cstdint>
#include <list>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "flow/flow.h"
#include "model/datagram.h"
#include "model/record.h"

namespace quaywatch::pipeline {

class Tunnels {
 public:
  // Tunnels remembered at most, of each of the two kinds below; the longest unused are forgotten first.
  static constexpr size_t kMaxTunnels = 100'000;
  // Moves of one flow into, out of or between tunnels that are followed.
  static constexpr uint16_t kMaxChanges = 5;

  Tunnels(model::RecordSink& records, uint64_t uid_seed) : records_(records), uid_seed_(uid_seed) {}

  // A new packet.
  void Begin() { path_.clear(); }
  // What follows is inside this datagram, in a tunnel between its hosts.
  void Enter(const model::Datagram& outer, base::Timestamp now);
  // What follows is inside this flow's datagram. False if nothing follows, or is not to be looked at,
  // because the flow turned out not to be the tunnel its port promised.
  bool Enter(flow::Flow& flow, model::Direction from, const model::Datagram& outer, base::Timestamp now);
  // A packet of `flow` came this way. False, once, if the flow moves between tunnels too often: its
  // further moves go unnoticed.
  bool Pass(flow::Flow& flow, base::Timestamp now);

  void FlowEnded(const flow::Flow& flow, base::Timestamp now);
  void Advance(base::Timestamp now);

 private:
  struct Tunnel {
    model::Uid uid;
    model::FlowId id;
    model::TunnelType type = model::TunnelType::kNone;
    base::Timestamp used{};
    bool reversed = false;  // of hosts_, whose ids are in order: the other side was seen first
  };
  struct IdHash {
    size_t operator()(const model::FlowId& id) const;
  };
  // Tunnels by id, the longest unused first.
  struct Set {
    std::list<Tunnel> by_use;
    std::unordered_map<model::FlowId, std::list<Tunnel>::iterator, IdHash> by_id;

    Tunnel* Find(const model::FlowId& id, base::Timestamp now);
    void Add(const Tunnel& tunnel);
    void Remove(std::list<Tunnel>::iterator tunnel);
    // The longest unused tunnel if there are too many or its time is up; else nullptr.
    const Tunnel* Overdue(base::Timestamp now, base::Duration timeout) const;
  };

  uint64_t PathIdentity() const;
  void Register(base::Timestamp now);
  void Log(const Tunnel& tunnel, std::string_view action, base::Timestamp now);

  model::RecordSink& records_;
  uint64_t uid_seed_;
  std::vector<Tunnel> path_;  // outermost first
  Set hosts_;                 // tunnels without ports: one for a pair of hosts
  Set active_;                // logged as found, not yet as gone
};

}  // namespace quaywatch::pipeline
