// SPDX-License-Identifier: Apache-2.0
//
// Security data on the control connection (RFC 2228): with AUTH GSSAPI, GridFTP's clients and servers wrap a
// TLS handshake in ADAT commands and replies.
#pragma once

#include <cstdint>
#include <string_view>

#include "analyze/analyzer.h"
#include "analyze/ftp/types.h"

namespace quaywatch::analyze::ftp {

class SecurityExchange {
 public:
  // The exchange begins: the server asked for tokens. Both outlive this; `tls` gets what the tokens hold.
  SecurityExchange(Context& context, Analyzer& tls) : context_(context), tls_(tls) {}

  // `word` in capitals.
  void OnCommand(std::string_view word, std::string_view argument);
  void OnReply(const Reply& reply);
  // Nothing more will come of it.
  bool done() const { return done_; }

 private:
  void Forward(model::Direction from, std::string_view encoded);

  Context& context_;
  Analyzer& tls_;
  bool first_ = true;
  bool done_ = false;
};

}  // namespace quaywatch::analyze::ftp
