// SPDX-License-Identifier: Apache-2.0
//
// What a handshake has come to, told record by record by the record layers of TLS and DTLS, and the row of
// ssl.log it makes: written when both sides have gone over to encryption, at a violation, or when the flow
// ends, whichever is first.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analyze/context.h"
#include "analyze/ssl/certificate_cache.h"
#include "analyze/ssl/handshake.h"
#include "analyze/ssl/record.h"
#include "analyze/ssl/types.h"
#include "base/bytes.h"
#include "model/flow.h"

namespace quaywatch::analyze::ssl {

class Session {
 public:
  // Letters of ssl_history, and certificates of either side's chain, that are kept (as many as Zeek logs).
  static constexpr size_t kMaxHistory = 100;
  static constexpr size_t kMaxChain = 100;
  // Alerts one record may hold before it is weird.
  static constexpr size_t kMaxAlerts = 10;

  explicit Session(Context& context)
      : context_(context), certificates_(static_cast<CertificateCache&>(context.state())) {}

  // Nothing more can be learned, or nothing may be believed: the rest of the flow is not to be looked at.
  bool over() const { return over_; }

  // Is a record of this type from this side encrypted? (In TLS 1.3 the first application data is the sign.)
  bool IsEncrypted(model::Direction from, uint16_t content_type);
  void StartEncryption(model::Direction from) { encrypted_[Index(from)] = true; }

  // Content of records in clear.
  void OnChangeCipherSpec(model::Direction from);
  void OnAlerts(model::Direction from, base::Bytes alerts);
  void OnAlert(model::Direction from, uint16_t description);
  void OnHeartbeat(model::Direction from, base::Bytes heartbeat);
  // After each record in clear, whatever it was.
  void OnPlaintext(uint16_t content_type);
  // A record that can't be read.
  void OnCiphertext();

  // One whole handshake message.
  void OnHandshake(model::Direction from, uint8_t type, base::Bytes body);

  // SSL 2, which has messages of its own; `cipher` is the first of three bytes each.
  void OnSsl2ClientHello(base::Bytes session_id);
  void OnSsl2ServerHello(uint16_t version, uint32_t cipher, base::Bytes certificate);
  void OnSsl2MasterKey();

  // This is not TLS, or broken.
  void Violate(std::string_view reason);
  void OnClose();

 private:
  static size_t Index(model::Direction from) { return static_cast<size_t>(from); }
  bool IsClient(model::Direction from) const { return (from == model::Direction::kOrig) != flipped_; }

  SslRecord& Record();
  void AddHistory(bool client, char letter);
  void ExpectFrom(model::Direction from, bool client);
  void Established();
  void Log();

  // These are false where the message is malformed.
  bool OnMessage(bool client, uint8_t type, base::Bytes body);
  bool OnClientHello(base::Bytes body);
  bool OnServerHello(base::Bytes body);
  bool OnExtensions(HandshakeType message, bool client, const Hello& hello);
  bool OnExtension(HandshakeType message, bool client, const Extension& extension);
  bool OnServerNames(bool client, base::Bytes data);
  bool OnServerKeyExchange(base::Bytes body);
  bool OnCertificates(bool client, base::Bytes body);
  bool OnCertificateStatus(base::Bytes body);

  void OnCertificate(bool client, bool first, base::Bytes der);
  void SetVersion(uint16_t version);

  Context& context_;
  CertificateCache& certificates_;
  std::unique_ptr<SslRecord> record_;                          // from the first thing seen until it is written
  std::vector<std::shared_ptr<const Certificate>> chains_[2];  // the server's, the client's; null: unreadable
  std::string session_id_;                                     // the client's
  uint32_t cipher_ = 0;
  uint16_t negotiated_version_ = kUnknownVersion;  // the first one a server's hello said
  uint16_t logged_version_ = kUnknownVersion;
  bool encrypted_[2] = {false, false};
  bool flipped_ = false;  // the responder is the client
  bool flip_was_weird_ = false;
  bool retry_seen_ = false;
  bool ticket_without_session_ = false;
  bool client_key_seen_ = false;
  bool psk_seen_ = false;
  bool certificates_seen_ = false;
  bool logged_ = false;
  bool over_ = false;
};

}  // namespace quaywatch::analyze::ssl
