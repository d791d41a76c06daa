// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analyze/ssl/certificate.h"
#include "model/ids.h"
#include "model/record.h"

namespace quaywatch::analyze::ssl {

struct SslRecord {
  base::Timestamp ts;
  model::Uid uid;
  model::FlowId id;
  std::optional<std::string> version;
  std::optional<std::string> cipher;
  std::optional<std::string> curve;
  std::optional<std::string> server_name;
  bool resumed = false;
  std::optional<std::string> last_alert;
  std::optional<std::string> next_protocol;
  bool established = false;
  std::string ssl_history;
  std::optional<std::vector<std::string>> cert_chain_fps;
  std::optional<std::vector<std::string>> client_cert_chain_fps;
  std::optional<bool> sni_matches_cert;

  // Not logged themselves: what fingerprints are made of, where somebody asks for them. Bodies of the first
  // client's hello and the last server's; empty if there was none or it was longer than kMaxHelloKept.
  static constexpr size_t kMaxHelloKept = 4096;
  std::string client_hello;
  std::string server_hello;
  bool datagram = false;

  static const model::Schema& Schema();
};

struct X509Record {
  base::Timestamp ts;
  std::shared_ptr<const Certificate> certificate;  // never null
  bool host_cert = false;
  bool client_cert = false;

  static const model::Schema& Schema();
};

}  // namespace quaywatch::analyze::ssl
