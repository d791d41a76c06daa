// SPDX-License-Identifier: Apache-2.0
//
// The record layer over UDP: DTLS 1.0 to 1.3 (RFC 4347, 6347, 9147).
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "analyze/analyzer.h"
#include "analyze/ssl/session.h"

namespace quaywatch::analyze::ssl {

// Memory: per side one handshake message that came in fragments (kMaxHandshakeMessage, as much of it as
// has arrived).
class DtlsAnalyzer : public Analyzer {
 public:
  explicit DtlsAnalyzer(Context& context) : session_(context) {}

  void OnDatagram(model::Direction from, base::Bytes bytes, uint32_t length) override;
  void OnClose() override { session_.OnClose(); }

 private:
  // Pieces of one message that don't touch; more are a violation.
  static constexpr size_t kMaxPieces = 32;

  struct Message {
    bool begun = false;
    bool delivered = false;  // what comes now is a repetition
    uint16_t number = 0;
    uint8_t type = 0;
    uint32_t length = 0;
    std::vector<uint8_t> bytes;
    std::vector<std::pair<uint32_t, uint32_t>> pieces;  // from, to: what has arrived
  };

  void OnRecord(model::Direction from, uint8_t content_type, base::Bytes content);
  void OnHandshakes(model::Direction from, base::Bytes content);
  void OnFragment(model::Direction from, uint8_t type, uint16_t number, uint32_t length, uint32_t offset,
                  base::Bytes fragment);
  base::Bytes SkipCiphertext13(model::Direction from, base::Bytes bytes);

  Session session_;
  Message messages_[2];
  bool seen_record_ = false;
};

}  // namespace quaywatch::analyze::ssl
