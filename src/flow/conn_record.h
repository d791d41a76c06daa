// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "flow/flow.h"
#include "model/record.h"

namespace quaywatch::flow {

// A line of conn.log: one connection. Columns and values as Zeek 8 has them.
struct ConnRecord {
  base::Timestamp ts;
  model::Uid uid;
  model::FlowId id;
  model::Enum proto;
  std::optional<std::string> service;
  std::optional<base::Duration> duration;
  std::optional<uint64_t> orig_bytes;
  std::optional<uint64_t> resp_bytes;
  std::string_view conn_state;
  bool local_orig = false;
  bool local_resp = false;
  uint64_t missed_bytes = 0;
  std::optional<std::string> history;
  uint64_t orig_pkts = 0;
  uint64_t orig_ip_bytes = 0;
  uint64_t resp_pkts = 0;
  uint64_t resp_ip_bytes = 0;
  std::optional<model::Set<model::Uid>> tunnel_parents;
  uint8_t ip_proto = 0;
  // Only where each connection is counted once, whatever interfaces it passes (live, or with a cluster state):
  std::optional<std::string> nat_orig;
  std::optional<std::string> nat_resp;
  std::optional<std::string> via_service;
  std::optional<uint64_t> sightings;
  std::optional<model::Set<std::string>> interfaces;
  std::optional<model::Set<std::string_view>> notes;
  std::optional<model::Uid> linked;
  std::optional<bool> reporter;

  // Its addresses as the responder receives them: community_id is made of these.
  model::FlowId at_responder;

  static ConnRecord Of(const Flow& flow);
  static const model::Schema& Schema();
  // The same of a connection that goes on (conn_interim).
  static const model::Schema& InterimSchema();
};

}  // namespace quaywatch::flow
