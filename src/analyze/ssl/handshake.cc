// SPDX-License-Identifier: Apache-2.0
#include "analyze/ssl/handshake.h"

namespace quaywatch::analyze::ssl {
namespace {

using base::Bytes;
using base::Cursor;

constexpr size_t kRandomLength = 32;
// Server names quoted in a weird.
constexpr uint32_t kMaxQuotedNames = 10;

Bytes Take8(Cursor& in) { return in.Take(in.U8()); }
Bytes Take16(Cursor& in) { return in.Take(in.U16()); }

// Extensions are optional: a hello may end before their length.
void TakeExtensions(Cursor& in, Hello& hello) {
  if (in.empty()) return;
  in.U16();
  hello.extensions_ok = in.ok();
  hello.extensions = in.rest();
}

// A list of items that each begin with their length in 1 or 2 bytes.
bool IsList(Bytes list, size_t length_size, size_t after_item = 0) {
  Cursor in(list);
  while (!in.empty()) in.Skip((length_size == 1 ? in.U8() : in.U16()) + after_item);
  return in.ok();
}

bool IsClientKeyShare(Bytes data) {
  Cursor in(data);
  Cursor shares(Take16(in));
  while (!shares.empty()) {
    shares.U16();
    Take16(shares);
  }
  return in.ok() && shares.ok();
}

bool IsOfferedPsks(Bytes data) {
  Cursor in(data);
  const Bytes identities = Take16(in);
  const Bytes binders = Take16(in);
  return in.ok() && IsList(identities, 2, sizeof(uint32_t)) && IsList(binders, 1);
}

}  // namespace

std::optional<Hello> ParseClientHello(Bytes body) {
  Cursor in(body);
  Hello hello;
  hello.version = in.U16();
  hello.random = in.Take(kRandomLength);
  hello.session_id = Take8(in);
  if (hello.version == kDtls10 || hello.version == kDtls12) Take8(in);  // cookie
  hello.ciphers = in.Take(in.U16() & ~size_t{1});
  Take8(in);  // compression methods
  if (!in.ok()) return std::nullopt;
  TakeExtensions(in, hello);
  return hello;
}

std::optional<Hello> ParseServerHello(Bytes body) {
  Cursor in(body);
  Hello hello;
  hello.version = in.U16();
  hello.random = in.Take(kRandomLength);
  // Drafts of TLS 1.3 before the 22nd said so here and left out the session and compression.
  const bool draft = hello.version == kTls13 || hello.version >> 8 == 0x7f;
  if (!draft) hello.session_id = Take8(in);
  hello.cipher = in.U16();
  if (!draft) in.U8();
  if (!in.ok()) return std::nullopt;
  TakeExtensions(in, hello);
  return hello;
}

std::optional<Extension> NextExtension(Cursor& extensions) {
  if (extensions.empty()) return std::nullopt;
  Extension extension;
  extension.type = extensions.U16();
  extension.data = Take16(extensions);
  if (!extensions.ok()) return std::nullopt;
  return extension;
}

std::optional<ServerNames> ParseServerNames(Bytes data) {
  ServerNames names;
  if (data.empty()) return names;  // a server's acknowledgement
  Cursor in(data);
  Cursor list(Take16(in));
  if (!in.ok()) return std::nullopt;
  while (!list.empty()) {
    const uint8_t type = list.U8();
    if (type != 0) {
      // How long it is, only those who know the type can tell.
      names.unknown_type = type;
      break;
    }
    const std::string_view name = base::AsText(Take16(list));
    if (!list.ok()) return std::nullopt;
    if (++names.count == 1) names.first = name;
    if (names.count == 2) names.all.append("[").append(names.first);
    if (names.count >= 2 && names.count <= kMaxQuotedNames) names.all.append(", ").append(name);
  }
  if (names.count >= 2) names.all += ']';
  return names;
}

std::optional<std::string_view> ParseAlpn(Bytes data) {
  if (data.empty()) return std::string_view();
  Cursor in(data);
  const Bytes list = Take16(in);
  if (!in.ok() || !IsList(list, 1)) return std::nullopt;
  Cursor first(list);
  return list.empty() ? std::string_view() : base::AsText(Take8(first));
}

std::optional<uint16_t> ParseSelectedVersion(Bytes data) {
  Cursor in(data);
  const uint16_t version = in.U16();
  return in.ok() ? std::optional(version) : std::nullopt;
}

std::optional<uint16_t> ParseSelectedGroup(Bytes data) {
  Cursor in(data);
  const uint16_t group = in.U16();
  if (data.size() != 2) Take16(in);
  return in.ok() ? std::optional(group) : std::nullopt;
}

bool IsWellFormed(HandshakeType message, const Extension& extension) {
  if (extension.data.empty()) return true;
  Cursor in(extension.data);
  switch (extension.type) {
    case kSupportedGroups:
      in.Skip(in.U16() & ~size_t{1});
      return in.ok();
    case kPointFormats:
    case kPskKeyExchangeModes:
      Take8(in);
      return in.ok();
    case kSignatureAlgorithms:
      in.U16();
      return in.ok() && in.left() % 2 == 0;
    case kSupportedVersions:
      return message != kClientHello || (Take8(in).size() % 2 == 0 && in.ok());
    case kKeyShare:
    case kKeyShareOld:
      return message != kClientHello || IsClientKeyShare(extension.data);
    case kPreSharedKey:
      return message == kClientHello ? IsOfferedPsks(extension.data) : extension.data.size() >= 2;
    default:
      return true;
  }
}

std::optional<uint16_t> ParseCurve(Bytes body, bool with_signature, bool with_algorithm) {
  static constexpr uint8_t kNamedCurve = 3;
  Cursor in(body);
  const uint8_t type = in.U8();
  if (!in.ok()) return std::nullopt;
  if (type != kNamedCurve) return 0;
  const uint16_t curve = in.U16();
  Take8(in);  // the public point
  if (with_signature) {
    if (with_algorithm) in.U16();
    Take16(in);
  }
  return in.ok() ? std::optional(curve) : std::nullopt;
}

std::optional<std::vector<Bytes>> ParseCertificates(Bytes body, size_t limit) {
  Cursor in(body);
  Cursor list(in.Take(in.U24()));
  std::vector<Bytes> certificates;
  while (!list.empty()) {
    const Bytes certificate = list.Take(list.U24());
    if (list.ok() && !certificate.empty() && certificates.size() < limit) certificates.push_back(certificate);
  }
  if (!in.ok() || !list.ok()) return std::nullopt;
  return certificates;
}

}  // namespace quaywatch::analyze::ssl
