// SPDX-License-Identifier: Apache-2.0
#include "analyze/ssl/session.h"

#include <algorithm>
#include <array>
#include <utility>

#include "analyze/ssl/names.h"

namespace quaywatch::analyze::ssl {
namespace {

using base::Bytes;
using base::Cursor;
using model::Direction;

// Reported by nobody in particular (weird.log's source).
constexpr std::string_view kNoSource;

// A server's hello with this random asks for another client's hello (RFC 8446, 4.1.3).
constexpr auto kRetryRandom = std::to_array<uint8_t>({0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
                                                      0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
                                                      0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c});
// A certificate is logged again after this time.
constexpr base::Duration kRelog = std::chrono::hours(24);

char Letter(uint8_t message) {
  switch (message) {
    case kHelloRequest:
      return 'h';
    case kClientHello:
      return 'c';
    case kServerHello:
      return 's';
    case kHelloVerifyRequest:
      return 'v';
    case kSessionTicket:
      return 't';
    case kEndOfEarlyData:
      return 'e';
    case kHelloRetryRequest:
      return 'j';
    case kEncryptedExtensions:
      return 'o';
    case kCertificate:
      return 'x';
    case kServerKeyExchange:
      return 'k';
    case kCertificateRequest:
      return 'r';
    case kServerHelloDone:
      return 'n';
    case kCertificateVerify:
      return 'y';
    case kClientKeyExchange:
      return 'g';
    case kFinished:
      return 'f';
    case kCertificateUrl:
      return 'w';
    case kCertificateStatus:
      return 'u';
    case kSupplementalData:
      return 'a';
    case kKeyUpdate:
      return 'p';
    case kMessageHash:
      return 'm';
    default:
      return 'z';
  }
}

// Suites whose ServerKeyExchange begins with a curve.
bool HasCurve(std::string_view cipher) {
  return (cipher.starts_with("TLS_ECDHE_") || cipher.starts_with("TLS_ECDH_ANON_")) && !cipher.ends_with("_OLD");
}

void Keep(Bytes hello, std::string& kept) {
  if (hello.size() <= SslRecord::kMaxHelloKept) kept = base::AsText(hello);
}

bool IsAllZero(Bytes bytes) {
  return std::ranges::all_of(bytes, [](uint8_t byte) { return byte == 0; });
}

}  // namespace

SslRecord& Session::Record() {
  if (!record_) {
    const model::FlowInfo& flow = context_.flow();
    record_ = std::make_unique<SslRecord>();
    record_->ts = context_.now();
    record_->uid = flow.uid;
    record_->id = flow.id;
    record_->datagram = flow.transport == model::Transport::kUdp;
  }
  return *record_;
}

void Session::AddHistory(bool client, char letter) {
  std::string& history = Record().ssl_history;
  if (history.size() == kMaxHistory) return;
  history += client ? static_cast<char>(letter - 'a' + 'A') : letter;
  if (history.size() == kMaxHistory) context_.Weird("SSL_max_ssl_history_length_reached", {}, kNoSource);
}

// Some messages only a client or only a server sends: where they come from tells who is who.
void Session::ExpectFrom(Direction from, bool client) {
  if (IsClient(from) == client) return;
  if (flipped_ && !flip_was_weird_) {
    flip_was_weird_ = true;
    context_.Weird("SSL_unclear_connection_direction");
  }
  flipped_ = !flipped_;
  std::string& history = Record().ssl_history;
  if (history.size() < kMaxHistory) history += '^';
}

bool Session::IsEncrypted(Direction from, uint16_t content_type) {
  bool& encrypted = encrypted_[Index(from)];
  if (!encrypted && content_type == kApplicationData) {
    const uint16_t version = negotiated_version_;
    const bool classic = version == kSsl2 || (version >= kSsl3 && version <= kTls12);
    encrypted = !classic;
  }
  return encrypted;
}

void Session::OnChangeCipherSpec(Direction from) {
  // In TLS 1.3 it only makes middleboxes believe in TLS 1.2.
  if (!IsTls13(negotiated_version_)) StartEncryption(from);
  AddHistory(IsClient(from), 'i');
  if (IsClient(from) && ticket_without_session_ && !client_key_seen_) Record().resumed = true;
}

void Session::OnAlerts(Direction from, Bytes alerts) {
  const size_t most = 2 * (IsTls13(negotiated_version_) ? 1 : kMaxAlerts);
  if (alerts.size() > most) {
    context_.Weird("SSL_excessive_alerts_in_record", std::to_string(alerts.size() / 2));
    alerts = alerts.first(most);
  }
  Cursor in(alerts);
  while (!in.empty()) {
    in.U8();  // its level
    const uint8_t description = in.U8();
    if (!in.ok()) return Violate("half an alert");
    OnAlert(from, description);
  }
}

void Session::OnAlert(Direction from, uint16_t description) {
  AddHistory(IsClient(from), 'l');
  Record().last_alert = AlertText(description);
}

void Session::OnHeartbeat(Direction from, Bytes heartbeat) {
  static constexpr size_t kHeader = 3;
  if (heartbeat.size() < kHeader) return Violate("short heartbeat");
  AddHistory(IsClient(from), 'b');
}

void Session::OnPlaintext(uint16_t content_type) {
  if (logged_) return;
  if (Record().version && content_type == kApplicationData) {
    context_.Weird("ssl_early_application_data", {}, kNoSource);
  }
}

void Session::OnCiphertext() {
  if (encrypted_[0] && encrypted_[1]) Established();
}

void Session::Established() {
  if (over_) return;
  Record().established = true;
  Log();
  over_ = true;
  context_.Finish();
}

void Session::OnHandshake(Direction from, uint8_t type, Bytes body) {
  if (type == kClientHello) ExpectFrom(from, true);
  if (type == kServerHello || type == kHelloRequest) ExpectFrom(from, false);
  if (!OnMessage(IsClient(from), type, body)) return Violate("malformed handshake message");
  // A violation has written what there was. If there was nothing, this message is still told.
  if (over_ && logged_) return;
  char letter = Letter(type);
  if (type == kServerHello && std::exchange(retry_seen_, false)) letter = 'j';
  AddHistory(IsClient(from), letter);
}

// False if the message is malformed.
bool Session::OnMessage(bool client, uint8_t type, Bytes body) {
  switch (type) {
    case kClientHello:
      return OnClientHello(body);
    case kServerHello:
      return OnServerHello(body);
    case kSessionTicket:
      return body.size() >= sizeof(uint32_t);
    case kCertificate:
      return OnCertificates(client, body);
    case kServerKeyExchange:
      return OnServerKeyExchange(body);
    case kClientKeyExchange:
      client_key_seen_ |= client;
      return true;
    case kCertificateStatus:
      return OnCertificateStatus(body);
    case kHelloRequest:
    case kHelloVerifyRequest:
    case kServerHelloDone:
    case kCertificateRequest:
    case kCertificateVerify:
    case kFinished:
    case kCertificateUrl:
      return true;
    default:
      Violate("unknown handshake message");
      return true;
  }
}

bool Session::OnClientHello(Bytes body) {
  const auto hello = ParseClientHello(body);
  if (!hello || !OnExtensions(kClientHello, true, *hello)) return false;
  if (!IsKnownVersion(hello->version)) {
    Violate("unsupported version of a client");
    return true;
  }
  context_.Confirm();
  if (SslRecord& record = Record(); record.client_hello.empty()) Keep(body, record.client_hello);
  if (!hello->session_id.empty() && !(hello->session_id.size() == 32 && IsAllZero(hello->session_id))) {
    session_id_ = base::AsText(hello->session_id);
    ticket_without_session_ = false;
  }
  return true;
}

bool Session::OnServerHello(Bytes body) {
  const auto hello = ParseServerHello(body);
  if (!hello || !OnExtensions(kServerHello, false, *hello)) return false;
  if (negotiated_version_ == kUnknownVersion) negotiated_version_ = hello->version;
  cipher_ = hello->cipher;
  if (!IsKnownVersion(hello->version)) {
    Violate("unsupported version of a server");
    return true;
  }
  SslRecord& record = Record();
  if (logged_version_ == kUnknownVersion) SetVersion(hello->version);
  record.cipher = CipherText(hello->cipher);
  Keep(body, record.server_hello);
  if (std::ranges::equal(hello->random, kRetryRandom)) retry_seen_ = true;
  if (!session_id_.empty() && session_id_ == base::AsText(hello->session_id) && !IsTls13(logged_version_)) {
    record.resumed = true;
  }
  return true;
}

void Session::SetVersion(uint16_t version) {
  logged_version_ = version;
  Record().version = VersionText(version);
}

bool Session::OnExtensions(HandshakeType message, bool client, const Hello& hello) {
  Cursor extensions(hello.extensions);
  while (const auto extension = NextExtension(extensions)) {
    if (!OnExtension(message, client, *extension)) return false;
  }
  return hello.extensions_ok && extensions.ok();
}

bool Session::OnExtension(HandshakeType message, bool client, const Extension& extension) {
  if (!IsWellFormed(message, extension)) return false;
  const Bytes data = extension.data;
  switch (extension.type) {
    case kServerName:
      return OnServerNames(client, data);
    case kAlpn: {
      const auto protocol = ParseAlpn(data);
      if (!protocol) return false;
      if (!client && !protocol->empty()) Record().next_protocol = std::string(*protocol);
      return true;
    }
    case kSupportedVersions:
      if (client || data.empty()) return true;
      if (const auto version = ParseSelectedVersion(data)) {
        if (negotiated_version_ == kUnknownVersion) negotiated_version_ = *version;
        SetVersion(*version);
        return true;
      }
      return false;
    case kKeyShare:
    case kKeyShareOld:
      if (client || data.empty()) return true;
      if (const auto group = ParseSelectedGroup(data)) {
        Record().curve = CurveText(*group);
        return true;
      }
      return false;
    case kSessionTicketTls:
      if (client && !data.empty()) ticket_without_session_ = true;
      return true;
    case kPreSharedKey:
      if (client) psk_seen_ = true;
      if (!client && psk_seen_) Record().resumed = true;
      return true;
    default:
      return true;
  }
}

bool Session::OnServerNames(bool client, Bytes data) {
  const auto names = ParseServerNames(data);
  if (!names) return false;
  if (names->unknown_type) context_.Weird("ssl_ext_unknown_server_name_type", std::to_string(*names->unknown_type));
  if (client && names->count > 0) {
    Record().server_name = std::string(names->first);
    if (names->count > 1) context_.Weird("SSL_many_server_names", names->all, kNoSource);
  }
  return true;
}

bool Session::OnServerKeyExchange(Bytes body) {
  const std::string_view cipher = CipherName(cipher_);
  if (!HasCurve(cipher)) return true;
  const bool with_algorithm = negotiated_version_ > kTls11 && negotiated_version_ != kDtls10;
  const auto curve = ParseCurve(body, !cipher.starts_with("TLS_ECDH_ANON_"), with_algorithm);
  if (curve.value_or(0) != 0) Record().curve = CurveText(*curve);
  return curve.has_value();
}

bool Session::OnCertificates(bool client, Bytes body) {
  const auto certificates = ParseCertificates(body, kMaxChain);
  if (!certificates) return false;
  bool first = true;
  for (const Bytes der : *certificates) OnCertificate(client, std::exchange(first, false), der);
  return true;
}

void Session::OnCertificate(bool client, bool first, Bytes der) {
  const auto certificate = certificates_.Get(der);
  certificates_seen_ = true;
  if (auto& chain = chains_[client]; chain.size() < kMaxChain) chain.push_back(certificate);
  if (!certificate) return context_.Weird("x509_cert_parse_error", {}, kNoSource);
  for (const Certificate::Oddity& oddity : certificate->oddities) {
    context_.Weird(oddity.name, oddity.addl, kNoSource);
  }
  auto record = std::make_shared<X509Record>();
  record->ts = context_.now();
  record->certificate = certificate;
  record->host_cert = first;
  record->client_cert = client;
  std::string key = certificate->fingerprint;
  key += first ? 'h' : '-';
  key += client ? 'c' : '-';
  context_.records().WriteOnce(X509Record::Schema(), std::move(record), std::move(key), kRelog);
}

// A stapled OCSP response (RFC 6066, 8) is a file.
bool Session::OnCertificateStatus(Bytes body) {
  static constexpr uint8_t kOcsp = 1;
  Cursor in(body);
  const uint8_t type = in.U8();
  in.U24();
  if (!in.ok()) return false;
  const Bytes response = in.rest();
  if (response.empty()) context_.Weird("SSL_zero_length_stapled_OCSP_message", {}, kNoSource);
  if (response.empty() || type != kOcsp) return true;
  const auto file = context_.OpenFile(
      {.source = "SSL", .from = Direction::kResp, .mime_type = "application/ocsp-response", .analyzer = "OCSP_REPLY"});
  file->Data(response);
  file->End();
  return true;
}

void Session::OnSsl2ClientHello(Bytes session_id) {
  context_.Confirm();
  if (!session_id.empty() && !(session_id.size() == 32 && IsAllZero(session_id))) {
    session_id_ = base::AsText(session_id);
  }
  AddHistory(true, 'c');
}

void Session::OnSsl2ServerHello(uint16_t version, uint32_t cipher, Bytes certificate) {
  if (version != kSsl2) return Violate("unsupported version of a server");
  negotiated_version_ = version;
  SetVersion(version);
  Record().cipher = CipherText(cipher);
  AddHistory(false, 's');
  if (!certificate.empty()) OnCertificate(false, true, certificate);
}

void Session::OnSsl2MasterKey() {
  encrypted_[0] = encrypted_[1] = true;
  Established();
}

void Session::Violate(std::string_view reason) {
  if (over_) return;
  over_ = true;
  if (record_) Log();
  context_.Violate(reason);
}

void Session::OnClose() {
  over_ = true;
  if (record_) Log();
}

void Session::Log() {
  if (std::exchange(logged_, true)) return;
  SslRecord& record = *record_;
  if (certificates_seen_) {
    for (const bool client : {false, true}) {
      auto& prints = (client ? record.client_cert_chain_fps : record.cert_chain_fps).emplace();
      for (const auto& certificate : chains_[client]) {
        if (certificate) prints.push_back(certificate->fingerprint);
      }
    }
  }
  if (const auto& chain = chains_[false]; !chain.empty() && chain[0] && record.server_name) {
    record.sni_matches_cert = IsIssuedFor(*chain[0], *record.server_name);
  }
  model::Write(context_.records(), record);
  record_.reset();
  for (auto& chain : chains_) chain = {};
  session_id_ = {};
}

}  // namespace quaywatch::analyze::ssl
