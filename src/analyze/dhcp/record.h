// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/ids.h"
#include "model/record.h"

namespace quaywatch::analyze::dhcp {

// One conversation: all messages with the same transaction number, from DISCOVER to ACK.
struct DhcpRecord {
  base::Timestamp ts;
  model::Set<model::Uid> uids;
  std::optional<model::IpAddress> client_addr;
  std::optional<model::IpAddress> server_addr;
  std::optional<std::string> mac;
  std::optional<std::string> host_name;
  std::optional<std::string> client_fqdn;
  std::optional<std::string> domain;
  std::optional<model::IpAddress> requested_addr;
  std::optional<model::IpAddress> assigned_addr;
  std::optional<base::Duration> lease_time;
  std::optional<std::string> client_message;
  std::optional<std::string> server_message;
  std::vector<std::string> msg_types;
  base::Duration duration{};

  static const model::Schema& Schema();
};

}  // namespace quaywatch::analyze::dhcp
