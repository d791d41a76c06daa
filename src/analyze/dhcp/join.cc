// SPDX-License-Identifier: Apache-2.0
#include "analyze/dhcp/join.h"

#include <algorithm>

#include "analyze/dhcp/parse.h"

namespace quaywatch::analyze::dhcp {
namespace {

using std::chrono::seconds;

constexpr seconds kLookEvery(10);
constexpr seconds kMinWait(10);
constexpr seconds kMoreWait(5);
constexpr seconds kMaxSilence(5);
constexpr seconds kMaxDuration(30);

constexpr uint16_t kServerPort = 67;
constexpr uint16_t kClientPort = 68;

bool IsUnspecified(const model::IpAddress& address) {
  static constexpr uint8_t kZero[4] = {};
  return address == model::IpAddress::V4(kZero);
}

bool IsBroadcast(const model::IpAddress& address) {
  static constexpr uint8_t kOnes[4] = {255, 255, 255, 255};
  return address == model::IpAddress::V4(kOnes);
}

template <typename To, typename From>
void SetIfKnown(std::optional<To>& to, const std::optional<From>& from) {
  if (from) to = To(*from);
}

void AddClientMessage(const model::FlowId& id, const Message& message, DhcpRecord& record, std::string& hardware) {
  if (!IsUnspecified(id.orig_h) && !IsBroadcast(id.orig_h)) record.client_addr = id.orig_h;
  SetIfKnown(record.host_name, message.host_name);
  SetIfKnown(record.client_fqdn, message.client_fqdn);
  SetIfKnown(record.requested_addr, message.requested);
  SetIfKnown(record.client_message, message.message);
  if (message.ethernet_client_id) {
    record.mac = message.ethernet_client_id;
  } else {
    hardware = message.hardware_address;
  }
}

void AddServerMessage(const model::FlowId& id, model::Direction from, const Message& message, DhcpRecord& record) {
  if (!IsUnspecified(message.assigned)) {
    record.server_addr = from == model::Direction::kOrig ? id.orig_h : id.resp_h;
    record.assigned_addr = message.assigned;
  }
  if (!record.mac && !message.hardware_address.empty()) record.mac = message.hardware_address;
  if (!record.client_addr) record.client_addr = record.assigned_addr;
  SetIfKnown(record.domain, message.domain_name);
  SetIfKnown(record.server_message, message.message);
  if (message.lease) record.lease_time = seconds(*message.lease);
}

}  // namespace

void Conversations::Add(base::Timestamp now, const model::FlowInfo& flow, model::Direction from, const Message& message,
                        model::RecordSink& records) {
  const Position position = Find(now, message.transaction, records);
  DhcpRecord& record = position->record;
  record.duration = now - record.ts;
  position->last = now;
  auto& uids = record.uids.items;
  if (std::find(uids.begin(), uids.end(), flow.uid) == uids.end()) uids.push_back(flow.uid);
  record.msg_types.push_back(TypeName(message.type));
  const bool is_client =
      from == model::Direction::kOrig &&
      (IsUnspecified(flow.id.orig_h) || flow.id.orig_p.number == kClientPort || flow.id.resp_p.number == kServerPort);
  if (is_client) {
    AddClientMessage(flow.id, message, record, position->client_hardware);
  } else {
    AddServerMessage(flow.id, from, message, record);
  }
  if (uids.size() >= kMaxUids || record.msg_types.size() >= kMaxMessages) {
    model::Write(records, record);
    by_transaction_.erase(message.transaction);
    conversations_.erase(position);
  }
}

Conversations::Position Conversations::Find(base::Timestamp now, uint32_t transaction, model::RecordSink& records) {
  if (const auto found = by_transaction_.find(transaction); found != by_transaction_.end()) return found->second;
  if (conversations_.size() >= kMaxConversations) End(conversations_.begin(), records);
  conversations_.push_back({.transaction = transaction,
                            .record = {.ts = now},
                            .client_hardware = {},
                            .last = now,
                            .touched = WholeSeconds(now)});
  return by_transaction_[transaction] = std::prev(conversations_.end());
}

// Zeek keeps such times in whole seconds from its beginning.
base::Timestamp Conversations::WholeSeconds(base::Timestamp time) const {
  const base::Timestamp begin = begin_.value_or(time);
  return begin + std::chrono::duration_cast<seconds>(time - begin);
}

void Conversations::Advance(base::Timestamp now, model::RecordSink& records) {
  if (!begin_) {
    begin_ = now;
    next_look_ = now + kLookEvery;
  }
  if (now < next_look_) return;
  next_look_ = now + kLookEvery;
  for (Position at = conversations_.begin(); at != conversations_.end();) {
    if (at->touched + kMinWait >= now) {
      ++at;
    } else if (now - at->last > kMaxSilence || now - at->record.ts > kMaxDuration) {
      at = End(at, records);
    } else {
      at->touched = WholeSeconds(now - kMinWait + kMoreWait);
      ++at;
    }
  }
}

void Conversations::Finish(model::RecordSink& records) {
  while (!conversations_.empty()) End(conversations_.begin(), records);
}

Conversations::Position Conversations::End(Position position, model::RecordSink& records) {
  DhcpRecord& record = position->record;
  if (!record.mac && !position->client_hardware.empty()) record.mac = position->client_hardware;
  model::Write(records, record);
  by_transaction_.erase(position->transaction);
  return conversations_.erase(position);
}

}  // namespace quaywatch::analyze::dhcp
