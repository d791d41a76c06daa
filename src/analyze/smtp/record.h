// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/ids.h"
#include "model/record.h"

namespace quaywatch::analyze::smtp {

// One mail of a connection, or what else its client did.
struct SmtpRecord {
  base::Timestamp ts;
  model::Uid uid;
  model::FlowId id;
  uint64_t trans_depth = 0;
  std::optional<std::string> helo;
  std::optional<std::string> mailfrom;
  std::optional<model::Set<std::string>> rcptto;
  std::optional<std::string> date;
  std::optional<std::string> from;
  std::optional<model::Set<std::string>> to;
  std::optional<model::Set<std::string>> cc;
  std::optional<std::string> reply_to;
  std::optional<std::string> msg_id;
  std::optional<std::string> in_reply_to;
  std::optional<std::string> subject;
  std::optional<model::IpAddress> x_originating_ip;
  std::optional<std::string> first_received;
  std::optional<std::string> second_received;
  std::optional<std::string> last_reply;
  std::vector<model::IpAddress> path;
  std::optional<std::string> user_agent;
  bool tls = false;
  std::vector<model::Uid> fuids;

  static const model::Schema& Schema();
};

}  // namespace quaywatch::analyze::smtp
