// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "model/ids.h"
#include "model/record.h"

namespace quaywatch::analyze::ssh {

struct SshRecord {
  base::Timestamp ts;
  model::Uid uid;
  model::FlowId id;
  std::optional<uint32_t> version;
  std::optional<bool> auth_success;
  uint32_t auth_attempts = 0;
  std::optional<model::Enum> direction;
  std::optional<std::string> client;
  std::optional<std::string> server;
  std::optional<std::string> cipher_alg;
  std::optional<std::string> mac_alg;
  std::optional<std::string> compression_alg;
  std::optional<std::string> kex_alg;
  std::optional<std::string> host_key_alg;
  std::optional<std::string> host_key_fingerprint;

  // Lists of algorithms that HASSH is made of; empty if they were not seen.
  std::string client_lists;
  std::string server_lists;

  static const model::Schema& Schema();
};

}  // namespace quaywatch::analyze::ssh
