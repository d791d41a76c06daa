// SPDX-License-Identifier: Apache-2.0
#include "analyze/ssl/dtls.h"

#include <algorithm>

namespace quaywatch::analyze::ssl {
namespace {

using base::Bytes;
using base::Cursor;
using model::Direction;

// STUN shares the flow with DTLS where media are negotiated (RFC 5764, 5.1.2); its magic cookie tells.
bool IsStun(Bytes datagram) {
  return datagram.size() > 20 && base::LoadBig<uint32_t>(datagram.data() + 4) == 0x2112a442;
}

// Adds [from, to) to sorted pieces that don't touch.
void Join(std::vector<std::pair<uint32_t, uint32_t>>& pieces, uint32_t from, uint32_t to) {
  auto first = std::ranges::find_if(pieces, [&](const auto& piece) { return piece.second >= from; });
  auto last = first;
  for (; last != pieces.end() && last->first <= to; ++last) {
    from = std::min(from, last->first);
    to = std::max(to, last->second);
  }
  pieces.insert(pieces.erase(first, last), {from, to});
}

}  // namespace

void DtlsAnalyzer::OnDatagram(Direction from, Bytes bytes, uint32_t) {
  if (session_.over() || IsStun(bytes)) return;
  while (!bytes.empty() && !session_.over()) {
    // RFC 9147, 4: records that are encrypted have a header of their own, which is no proof of anything.
    if ((bytes[0] & 0xe0) == 0x20 && seen_record_) {
      bytes = SkipCiphertext13(from, bytes);
      continue;
    }
    Cursor in(bytes);
    const uint8_t content_type = in.U8();
    const uint16_t version = in.U16();
    const uint16_t epoch = in.U16();
    in.Skip(6);  // the record's number
    const uint16_t length = in.U16();
    if (!in.ok()) return session_.Violate("short DTLS record");
    if (version != kDtls10 && version != kDtls12) return session_.Violate("no version of a DTLS record");
    const Bytes content = in.Take(length);
    if (!in.ok()) return session_.Violate("DTLS record is cut off");
    bytes = in.rest();
    seen_record_ = true;
    if (content.empty()) continue;
    if (epoch > 0) {
      session_.OnCiphertext();
    } else {
      OnRecord(from, content_type, content);
    }
  }
}

Bytes DtlsAnalyzer::SkipCiphertext13(Direction from, Bytes bytes) {
  static constexpr uint8_t kConnectionId = 0x10;
  static constexpr uint8_t kLongNumber = 0x08;
  static constexpr uint8_t kHasLength = 0x04;
  Cursor in(bytes);
  const uint8_t flags = in.U8();
  session_.StartEncryption(from);
  // How long a connection id is, only its owner knows.
  if ((flags & kConnectionId) == 0 && (flags & kHasLength) != 0) {
    in.Skip((flags & kLongNumber) != 0 ? 2 : 1);
    in.Skip(in.U16());
  } else {
    in.Skip(in.left());
  }
  if (in.ok()) {
    session_.OnCiphertext();
  } else {
    session_.Violate("DTLS record is cut off");
  }
  return in.rest();
}

void DtlsAnalyzer::OnRecord(Direction from, uint8_t content_type, Bytes content) {
  switch (content_type) {
    case kChangeCipherSpec:
      session_.OnChangeCipherSpec(from);
      break;
    case kAlert:
      session_.OnAlerts(from, content);
      if (session_.over()) return;
      break;
    case kHandshake:
      OnHandshakes(from, content);
      break;
    case kHeartbeat:
      session_.OnHeartbeat(from, content);
      if (session_.over()) return;
      break;
    case kApplicationData:
      break;
    default:
      session_.Violate("unknown type of record");
  }
  session_.OnPlaintext(content_type);
}

void DtlsAnalyzer::OnHandshakes(Direction from, Bytes content) {
  Cursor in(content);
  while (!in.empty() && !session_.over()) {
    const uint8_t type = in.U8();
    const uint32_t length = in.U24();
    const uint16_t number = in.U16();
    const uint32_t offset = in.U24();
    const Bytes fragment = in.Take(in.U24());
    if (!in.ok()) return session_.Violate("handshake fragment is cut off");
    if (offset == 0 && fragment.size() == length) {
      session_.OnHandshake(from, type, fragment);
    } else {
      OnFragment(from, type, number, length, offset, fragment);
    }
  }
}

void DtlsAnalyzer::OnFragment(Direction from, uint8_t type, uint16_t number, uint32_t length, uint32_t offset,
                              Bytes fragment) {
  Message& message = messages_[static_cast<size_t>(from)];
  if (length > kMaxHandshakeMessage) return session_.Violate("handshake message is too long");
  const auto end = offset + static_cast<uint32_t>(fragment.size());
  if (end > length) return session_.Violate("handshake fragment reaches beyond its message");
  if (!message.begun || message.number != number || message.length != length) {
    message = {.begun = true, .number = number, .type = type, .length = length};
  }
  if (message.delivered) return;
  if (message.bytes.size() < end) message.bytes.resize(end);
  std::ranges::copy(fragment, message.bytes.begin() + offset);
  Join(message.pieces, offset, end);
  if (message.pieces.size() > kMaxPieces) return session_.Violate("handshake message is in too many pieces");
  if (message.pieces.front() != std::pair<uint32_t, uint32_t>(0, length)) return;
  message.delivered = true;
  session_.OnHandshake(from, message.type, message.bytes);
  message.bytes = {};
}

}  // namespace quaywatch::analyze::ssl
