// SPDX-License-Identifier: Apache-2.0
#include "analyze/ssl/tls.h"

#include <algorithm>

namespace quaywatch::analyze::ssl {
namespace {

using base::Bytes;
using base::Cursor;
using model::Direction;

constexpr size_t kHandshakeHeader = 4;
// Of SSL 2's record header; its message type and the first two bytes of the message are read with it.
constexpr uint32_t kSsl2InHeader = 3;

bool IsRecordVersion(uint16_t version) { return version >= kSsl3 && version <= kTls12; }

uint32_t Load24(const uint8_t* at) { return static_cast<uint32_t>(at[0] << 16 | at[1] << 8 | at[2]); }

}  // namespace

void TlsAnalyzer::Stop() {
  stopped_ = true;
  context_.Finish();
}

void TlsAnalyzer::OnGap(Direction, uint64_t) {
  if (!over()) Stop();
}

void TlsAnalyzer::OnStream(Direction from, Bytes bytes) {
  if (over()) return;
  // What is seen from somewhere in the middle can't be told from chance.
  if (context_.flow().partial) return Stop();
  Side& side = sides_[static_cast<size_t>(from)];
  while (!bytes.empty() && !over()) {
    if (side.header_size < kHeader) {
      bytes = TakeHeader(side, bytes);
      if (side.header_size < kHeader) return;
      OnHeader(from, side);
      if (over()) break;
    }
    bytes = TakeContent(from, side, bytes);
  }
  if (over()) {
    for (Side& done : sides_) done.content = done.handshakes = {};
  }
}

Bytes TlsAnalyzer::TakeHeader(Side& side, Bytes bytes) {
  const size_t count = std::min(bytes.size(), kHeader - side.header_size);
  std::copy_n(bytes.begin(), count, side.header + side.header_size);
  side.header_size += static_cast<uint8_t>(count);
  return bytes.subspan(count);
}

void TlsAnalyzer::OnHeader(Direction from, Side& side) {
  const uint8_t* h = side.header;
  const auto version = static_cast<uint16_t>(h[1] << 8 | h[2]);
  bool ssl2 = record_version_ == kSsl2;
  if (record_version_ == kUnknownVersion && (h[0] & 0x80) != 0) {
    const auto hello_version = static_cast<uint16_t>(h[3] << 8 | h[4]);
    const bool client_hello = h[2] == 1 && from == Direction::kOrig;
    const bool server_hello = h[2] == 4 && h[4] < 2 && from == Direction::kResp;
    if (client_hello && hello_version != kSsl2 && !IsRecordVersion(hello_version)) {
      return session_.Violate("unsupported version of a client");
    }
    if (!client_hello && !server_hello) return session_.Violate("neither SSL 2 nor TLS");
    ssl2 = true;
    // A client may say hello in the old way and go on in the new one; a server's answer is for good.
    if (server_hello) record_version_ = kSsl2;
  }
  if (ssl2) {
    const uint32_t length = static_cast<uint32_t>((h[0] & 0x7f) << 8 | h[1]);
    if (length < kSsl2InHeader) return session_.Violate("short SSL 2 record");
    side.content_type = static_cast<uint16_t>(300 + h[2]);
    side.left = length - kSsl2InHeader;
    side.keep = !session_.IsEncrypted(from, side.content_type);
    return;
  }
  if (!IsRecordVersion(version)) return session_.Violate("no version of a TLS record");
  if (record_version_ == kUnknownVersion) {
    if (h[0] < 20 || h[0] > 30) return session_.Violate("no type of a TLS record");
    record_version_ = version;
  }
  side.content_type = h[0];
  side.left = static_cast<uint32_t>(h[3] << 8 | h[4]);
  // Application data in clear is not looked at either.
  side.keep = side.content_type != kApplicationData && !session_.IsEncrypted(from, side.content_type);
}

// Puts the record's content together and deals with it once it is all here.
Bytes TlsAnalyzer::TakeContent(Direction from, Side& side, Bytes bytes) {
  const size_t count = std::min<size_t>(bytes.size(), side.left);
  Bytes content = bytes.first(count);
  side.left -= static_cast<uint32_t>(count);
  if (side.keep && (side.left > 0 || !side.content.empty())) {
    side.content.insert(side.content.end(), content.begin(), content.end());
    content = side.content;
  }
  if (side.left == 0) {
    OnRecord(from, side, content);
    side.content.clear();
    side.header_size = 0;
  }
  return bytes.subspan(count);
}

void TlsAnalyzer::OnRecord(Direction from, Side& side, Bytes content) {
  const uint32_t length = static_cast<uint32_t>(side.header[3] << 8 | side.header[4]);
  if (side.content_type < 300 && length == 0) return;
  if (session_.IsEncrypted(from, side.content_type)) return session_.OnCiphertext();
  OnPlain(from, side, content);
}

void TlsAnalyzer::OnPlain(Direction from, Side& side, Bytes content) {
  switch (side.content_type) {
    case kChangeCipherSpec:
      // Each byte is one message, and the first has an effect on the second.
      for (size_t i = 0; i < content.size() && !over(); ++i) {
        if (session_.IsEncrypted(from, kChangeCipherSpec)) return session_.OnCiphertext();
        session_.OnChangeCipherSpec(from);
        session_.OnPlaintext(kChangeCipherSpec);
      }
      return;
    case kAlert:
      session_.OnAlerts(from, content);
      if (over()) return;
      break;
    case kHandshake:
      OnHandshakes(from, side, content);
      break;
    case kHeartbeat:
      session_.OnHeartbeat(from, content);
      if (over()) return;
      break;
    case kApplicationData:
      break;
    case kSsl2Error:
    case kSsl2ClientHello:
    case kSsl2ServerHello:
    case kSsl2ClientMasterKey:
      OnSsl2(from, side.content_type, side, content);
      break;
    default:
      session_.Violate("unknown type of record");
  }
  session_.OnPlaintext(side.content_type);
}

void TlsAnalyzer::OnHandshakes(Direction from, Side& side, Bytes content) {
  if (side.handshakes.empty()) {
    const Bytes rest = TakeMessages(from, content);
    if (!over()) side.handshakes.assign(rest.begin(), rest.end());
    return;
  }
  side.handshakes.insert(side.handshakes.end(), content.begin(), content.end());
  const Bytes rest = TakeMessages(from, side.handshakes);
  if (over()) return;
  side.handshakes.erase(side.handshakes.begin(), side.handshakes.end() - static_cast<ptrdiff_t>(rest.size()));
}

// Deals with all whole messages; the rest is the beginning of one.
Bytes TlsAnalyzer::TakeMessages(Direction from, Bytes messages) {
  while (messages.size() >= kHandshakeHeader && !over()) {
    const uint32_t length = Load24(messages.data() + 1);
    if (length > kMaxHandshakeMessage) {
      session_.Violate("handshake message is too long");
      break;
    }
    if (messages.size() < kHandshakeHeader + length) break;
    session_.OnHandshake(from, messages[0], messages.subspan(kHandshakeHeader, length));
    messages = messages.subspan(kHandshakeHeader + length);
  }
  return messages;
}

// The message's first two bytes came with the header.
void TlsAnalyzer::OnSsl2(Direction from, uint16_t content_type, const Side& side, Bytes content) {
  const uint8_t* h = side.header;
  Cursor in(content);
  if (content_type == kSsl2Error) return session_.OnAlert(from, static_cast<uint16_t>(h[3] << 8 | h[4]));
  if (content_type == kSsl2ClientHello) {
    const uint16_t ciphers = in.U16();
    const uint16_t session = in.U16();
    const uint16_t challenge = in.U16();
    in.Skip(ciphers / 3 * 3);
    const Bytes session_id = in.Take(session);
    in.Skip(challenge);
    if (!in.ok()) return session_.Violate("malformed client hello");
    return session_.OnSsl2ClientHello(session_id);
  }
  if (content_type == kSsl2ServerHello) {
    const uint16_t version = in.U16();
    const uint16_t certificate_length = in.U16();
    const uint16_t ciphers_length = in.U16();
    const uint16_t id_length = in.U16();
    const Bytes certificate = in.Take(certificate_length);
    const Bytes ciphers = in.Take(ciphers_length);
    in.Skip(id_length);
    if (!in.ok()) return session_.Violate("malformed server hello");
    return session_.OnSsl2ServerHello(version, ciphers.size() < 3 ? 0 : Load24(ciphers.data()), certificate);
  }
  in.U8();  // the rest of the suite
  const uint16_t clear_key = in.U16();
  const uint16_t encrypted_key = in.U16();
  const uint16_t argument = in.U16();
  in.Skip(size_t{clear_key} + encrypted_key + argument);
  if (!in.ok()) return session_.Violate("malformed master key");
  session_.OnSsl2MasterKey();
}

}  // namespace quaywatch::analyze::ssl
