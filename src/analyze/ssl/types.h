// SPDX-License-Identifier: Apache-2.0
//
// Numbers of the TLS protocols (RFC 8446, 5246, 9147, 6347, 6101; SSL 2: draft-hickman-netscape-ssl-00).
#pragma once

#include <cstddef>
#include <cstdint>

namespace quaywatch::analyze::ssl {

enum Version : uint16_t {
  kUnknownVersion = 0,
  kSsl2 = 0x0002,
  kSsl3 = 0x0300,
  kTls10 = 0x0301,
  kTls11 = 0x0302,
  kTls12 = 0x0303,
  kTls13 = 0x0304,
  kDtls10 = 0xfeff,
  kDtls12 = 0xfefd,
  kDtls13 = 0xfefc,
};

// TLS 1.3 or one of its drafts (0x7f12 is draft 18).
inline bool IsTls13(uint16_t version) { return version == kTls13 || version / 0xff == 0x7f; }

// A version a hello may carry.
inline bool IsKnownVersion(uint16_t version) {
  switch (version) {
    case kSsl2:
    case kSsl3:
    case kTls10:
    case kTls11:
    case kTls12:
    case kTls13:
    case kDtls10:
    case kDtls12:
    case kDtls13:
      return true;
    default:
      return version >> 8 == 0x7f;
  }
}

// Of a record; SSL 2's message types are added to 300, where no record can reach.
enum ContentType : uint16_t {
  kChangeCipherSpec = 20,
  kAlert = 21,
  kHandshake = 22,
  kApplicationData = 23,
  kHeartbeat = 24,
  kSsl2Error = 300,
  kSsl2ClientHello = 301,
  kSsl2ClientMasterKey = 302,
  kSsl2ServerHello = 304,
};

enum HandshakeType : uint8_t {
  kHelloRequest = 0,
  kClientHello = 1,
  kServerHello = 2,
  kHelloVerifyRequest = 3,
  kSessionTicket = 4,
  kEndOfEarlyData = 5,
  kHelloRetryRequest = 6,
  kEncryptedExtensions = 8,
  kCertificate = 11,
  kServerKeyExchange = 12,
  kCertificateRequest = 13,
  kServerHelloDone = 14,
  kCertificateVerify = 15,
  kClientKeyExchange = 16,
  kFinished = 20,
  kCertificateUrl = 21,
  kCertificateStatus = 22,
  kSupplementalData = 23,
  kKeyUpdate = 24,
  kMessageHash = 254,
};

enum ExtensionType : uint16_t {
  kServerName = 0,
  kSupportedGroups = 10,
  kPointFormats = 11,
  kSignatureAlgorithms = 13,
  kAlpn = 16,
  kSessionTicketTls = 35,
  kKeyShareOld = 40,
  kPreSharedKey = 41,
  kSupportedVersions = 43,
  kPskKeyExchangeModes = 45,
  kKeyShare = 51,
};

// The longest handshake message that is put together. Chains of certificates stay far below; longer ones
// are a violation.
inline constexpr size_t kMaxHandshakeMessage = 256 * 1024;

}  // namespace quaywatch::analyze::ssl
