// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/ids.h"
#include "model/record.h"

namespace quaywatch::analyze::dns {

// A question and its answer; or either of them, where the other was not seen.
struct DnsRecord {
  base::Timestamp ts;
  model::Uid uid;
  model::FlowId id;
  model::Enum proto;
  uint16_t trans_id = 0;
  std::optional<base::Duration> rtt;
  std::optional<std::string> query;
  std::optional<uint16_t> qclass;
  std::optional<std::string> qclass_name;
  std::optional<uint16_t> qtype;
  std::optional<std::string> qtype_name;
  std::optional<uint16_t> rcode;
  std::optional<std::string_view> rcode_name;
  bool authoritative = false;
  bool truncated = false;
  bool recursion_desired = false;
  bool recursion_available = false;
  uint16_t z = 0;
  std::optional<std::vector<std::string>> answers;
  std::optional<std::vector<base::Duration>> ttls;
  bool rejected = false;
  uint16_t opcode = 0;
  std::string_view opcode_name;

  static const model::Schema& Schema();
};

}  // namespace quaywatch::analyze::dns
