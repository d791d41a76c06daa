// SPDX-License-Identifier: Apache-2.0
//
// The record layer over TCP: TLS (RFC 8446, 5.1), SSL 3 and SSL 2.
#pragma once

#include <cstdint>
#include <vector>

#include "analyze/analyzer.h"
#include "analyze/ssl/session.h"

namespace quaywatch::analyze::ssl {

// Records whose content is encrypted are skipped by their length. Memory: per side a record that came in
// pieces (at most 64 KiB) and a handshake message in pieces (kMaxHandshakeMessage).
class TlsAnalyzer : public Analyzer {
 public:
  explicit TlsAnalyzer(Context& context) : context_(context), session_(context) {}

  void OnStream(model::Direction from, base::Bytes bytes) override;
  // Nothing is believed after a gap on either side.
  void OnGap(model::Direction from, uint64_t length) override;
  void OnClose() override { session_.OnClose(); }

 private:
  static constexpr size_t kHeader = 5;

  struct Side {
    uint8_t header[kHeader];
    uint8_t header_size = 0;  // of the header's bytes, how many are here
    bool keep = false;        // the record's content is looked at
    uint16_t content_type = 0;
    uint32_t left = 0;                // of the record's content, how much is missing
    std::vector<uint8_t> content;     // of a record that came in pieces
    std::vector<uint8_t> handshakes;  // the beginning of a handshake message
  };

  bool over() const { return stopped_ || session_.over(); }
  void Stop();
  base::Bytes TakeHeader(Side& side, base::Bytes bytes);
  void OnHeader(model::Direction from, Side& side);
  base::Bytes TakeContent(model::Direction from, Side& side, base::Bytes bytes);
  void OnRecord(model::Direction from, Side& side, base::Bytes content);
  void OnPlain(model::Direction from, Side& side, base::Bytes content);
  void OnHandshakes(model::Direction from, Side& side, base::Bytes content);
  base::Bytes TakeMessages(model::Direction from, base::Bytes messages);
  void OnSsl2(model::Direction from, uint16_t content_type, const Side& side, base::Bytes content);

  Context& context_;
  Session session_;
  Side sides_[2];
  uint16_t record_version_ = kUnknownVersion;  // kSsl2, or that of the first record of TLS
  bool stopped_ = false;
};

}  // namespace quaywatch::analyze::ssl
