// SPDX-License-Identifier: Apache-2.0
#include "analyze/ssl/fingerprint.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "analyze/ssl/handshake.h"
#include "analyze/ssl/names.h"

namespace quaywatch::analyze::ssl {
namespace {

using base::Bytes;
using base::Cursor;
using Numbers = std::vector<uint16_t>;

// Hexadecimal digits of JA4's hashes.
constexpr size_t kJa4HashLength = 12;

std::string HexDigest(const EVP_MD* algorithm, std::string_view text) {
  uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (!EVP_Digest(text.data(), text.size(), digest, &length, algorithm, nullptr)) return {};
  return fmt::format("{:02x}", fmt::join(digest, digest + length, ""));
}

// Two bytes each, without GREASE.
Numbers ReadNumbers(Bytes bytes) {
  Numbers numbers;
  Cursor in(bytes);
  while (in.left() >= 2) {
    if (const uint16_t number = in.U16(); !IsGrease(number)) numbers.push_back(number);
  }
  return numbers;
}

// A list with its length in front.
Bytes List8(Bytes bytes) {
  Cursor in(bytes);
  return in.Take(in.U8());
}
Bytes List16(Bytes bytes) {
  Cursor in(bytes);
  return in.Take(in.U16());
}

// What fingerprints of a client are made of.
struct Client {
  uint16_t version = 0;
  Numbers ciphers;
  Numbers extensions;
  Numbers groups;
  Numbers point_formats;
  Numbers signatures;
  Numbers versions;
  std::string_view alpn;
  bool has_name = false;
};

std::optional<Client> ReadClient(Bytes message) {
  const auto hello = ParseClientHello(message);
  if (!hello) return std::nullopt;
  Client client{.version = hello->version, .ciphers = ReadNumbers(hello->ciphers)};
  Cursor in(hello->extensions);
  while (const auto extension = NextExtension(in)) {
    if (IsGrease(extension->type)) continue;
    client.extensions.push_back(extension->type);
    const Bytes data = extension->data;
    switch (extension->type) {
      case kServerName:
        client.has_name = true;
        break;
      case kSupportedGroups:
        client.groups = ReadNumbers(List16(data));
        break;
      case kPointFormats:
        for (const uint8_t format : List8(data)) client.point_formats.push_back(format);
        break;
      case kSignatureAlgorithms:
        client.signatures = ReadNumbers(List16(data));
        break;
      case kSupportedVersions:
        client.versions = ReadNumbers(List8(data));
        break;
      case kAlpn:
        client.alpn = ParseAlpn(data).value_or(std::string_view());
        break;
      default:
        break;
    }
  }
  return client;
}

std::string_view Ja4Version(const Client& client) {
  uint16_t version = client.version;
  // DTLS counts downwards.
  if (!client.versions.empty()) {
    version = client.version >> 8 == 0xfe ? std::ranges::min(client.versions) : std::ranges::max(client.versions);
  }
  switch (version) {
    case kTls13:
      return "13";
    case kTls12:
      return "12";
    case kTls11:
      return "11";
    case kTls10:
      return "10";
    case kSsl3:
      return "s3";
    case kSsl2:
      return "s2";
    case kDtls10:
      return "d1";
    case kDtls12:
      return "d2";
    case kDtls13:
      return "d3";
    default:
      return "00";
  }
}

bool IsAlphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// The first and the last character of the protocol, or of it in hexadecimal.
std::string Ja4Alpn(std::string_view alpn) {
  if (alpn.empty()) return "00";
  if (IsAlphanumeric(alpn.front()) && IsAlphanumeric(alpn.back())) return {alpn.front(), alpn.back()};
  const auto first = static_cast<uint8_t>(alpn.front());
  const auto last = static_cast<uint8_t>(alpn.back());
  return fmt::format("{:x}{:x}", first >> 4, last & 15);
}

std::string Ja4Hash(const std::string& text) {
  if (text.empty()) return std::string(kJa4HashLength, '0');
  return HexDigest(EVP_sha256(), text).substr(0, kJa4HashLength);
}

}  // namespace

std::string Ja3Text(Bytes client_hello) {
  const auto client = ReadClient(client_hello);
  if (!client) return {};
  return fmt::format("{},{},{},{},{}", client->version, fmt::join(client->ciphers, "-"),
                     fmt::join(client->extensions, "-"), fmt::join(client->groups, "-"),
                     fmt::join(client->point_formats, "-"));
}

std::string Ja3(Bytes client_hello) {
  const std::string text = Ja3Text(client_hello);
  return text.empty() ? text : HexDigest(EVP_md5(), text);
}

std::string Ja3s(Bytes server_hello) {
  const auto hello = ParseServerHello(server_hello);
  if (!hello) return {};
  Numbers extensions;
  Cursor in(hello->extensions);
  while (const auto extension = NextExtension(in)) extensions.push_back(extension->type);
  return HexDigest(EVP_md5(), fmt::format("{},{},{}", hello->version, hello->cipher, fmt::join(extensions, "-")));
}

std::string Ja4(Bytes client_hello, bool datagram) {
  auto client = ReadClient(client_hello);
  if (!client) return {};
  static constexpr size_t kMostShown = 99;
  const std::string head = fmt::format("{}{}{}{:02}{:02}{}", datagram ? 'd' : 't', Ja4Version(*client),
                                       client->has_name ? 'd' : 'i', std::min(client->ciphers.size(), kMostShown),
                                       std::min(client->extensions.size(), kMostShown), Ja4Alpn(client->alpn));
  std::ranges::sort(client->ciphers);
  std::ranges::sort(client->extensions);
  std::erase_if(client->extensions, [](uint16_t type) { return type == kServerName || type == kAlpn; });
  std::string extensions = fmt::format("{:04x}", fmt::join(client->extensions, ","));
  if (!extensions.empty() && !client->signatures.empty()) {
    extensions += fmt::format("_{:04x}", fmt::join(client->signatures, ","));
  }
  return fmt::format("{}_{}_{}", head, Ja4Hash(fmt::format("{:04x}", fmt::join(client->ciphers, ","))),
                     Ja4Hash(extensions));
}

}  // namespace quaywatch::analyze::ssl
