// SPDX-License-Identifier: Apache-2.0
//
// Messages become conversations: by transaction number, across flows, since clients without an address
// and servers that broadcast leave a flow for each. When one is over follows Zeek's rules, down to the
// rhythm in which it looks, so that the same conversations result.
//
// Flows of one conversation that belong to different workers leave a record on each.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <unordered_map>

#include "analyze/context.h"
#include "analyze/dhcp/record.h"
#include "analyze/dhcp/types.h"

namespace quaywatch::analyze::dhcp {

class Conversations : public WorkerState {
 public:
  // More at once are an attack: the oldest is written early for each new one.
  static constexpr size_t kMaxConversations = 4096;
  static constexpr size_t kMaxUids = 10;
  static constexpr size_t kMaxMessages = 50;

  void Add(base::Timestamp now, const model::FlowInfo& flow, model::Direction from, const Message& message,
           model::RecordSink& records);
  void Advance(base::Timestamp now, model::RecordSink& records) override;
  base::Timestamp next_advance() const override { return next_look_; }
  void Finish(model::RecordSink& records) override;

 private:
  struct Conversation {
    uint32_t transaction;
    DhcpRecord record;
    std::string client_hardware;  // the header's, if the client named no Ethernet address as its id
    base::Timestamp last;
    base::Timestamp touched;  // when it was new or last allowed to stay
  };
  using Position = std::list<Conversation>::iterator;

  Position Find(base::Timestamp now, uint32_t transaction, model::RecordSink& records);
  // Writes and forgets it; the position of the next one.
  Position End(Position position, model::RecordSink& records);
  base::Timestamp WholeSeconds(base::Timestamp time) const;

  std::list<Conversation> conversations_;  // oldest first
  std::unordered_map<uint32_t, Position> by_transaction_;
  std::optional<base::Timestamp> begin_;  // of the capture
  base::Timestamp next_look_;
};

}  // namespace quaywatch::analyze::dhcp
