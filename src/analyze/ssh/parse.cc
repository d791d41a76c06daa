// SPDX-License-Identifier: Apache-2.0
#include "analyze/ssh/parse.h"

#include <algorithm>

namespace quaywatch::analyze::ssh {

Version BannerVersion(std::string_view banner) {
  if (banner.size() < 5) return Version::kUnknown;
  if (banner[4] == '2') return Version::kSsh2;
  if (banner[4] != '1') return Version::kUnknown;
  return banner.size() >= 8 && banner[6] == '9' && banner[7] == '9' ? Version::kSsh199 : Version::kSsh1;
}

Version Agree(Version client, Version server) {
  if (client == Version::kUnknown || server == Version::kUnknown) return Version::kUnknown;
  if (client == Version::kSsh199) return server == Version::kSsh199 ? Version::kSsh2 : server;
  return server == Version::kSsh199 || server == client ? client : Version::kUnknown;
}

std::optional<uint32_t> LoggedVersion(std::string_view client, std::string_view server) {
  const Version ours = BannerVersion(client);
  const Version theirs = BannerVersion(server);
  if (ours == Version::kUnknown || theirs == Version::kUnknown) return std::nullopt;
  switch (Agree(ours, theirs)) {
    case Version::kSsh1:
      return 1;
    case Version::kSsh2:
      return 2;
    default:
      return 0;
  }
}

uint64_t MessageSize(Version version, uint32_t packet_length) {
  const uint64_t size = uint64_t{packet_length} + 4;
  return version == Version::kSsh1 ? size + 8 - packet_length % 8 : size;
}

std::optional<base::Bytes> TakeString(base::Cursor& in, uint32_t& too_long) {
  const uint32_t length = in.U32();
  if (length > kMaxStringLength) too_long = length;
  const base::Bytes value = in.Take(length);
  if (!in.ok()) return std::nullopt;
  return value;
}

std::optional<KexInit> ParseKexInit(base::Bytes payload, uint32_t& too_long) {
  base::Cursor in(payload);
  in.Skip(16);  // cookie
  KexInit init;
  for (std::string_view* list : {&init.kex, &init.host_key, &init.encryption.to_server, &init.encryption.to_client,
                                 &init.mac.to_server, &init.mac.to_client, &init.compression.to_server,
                                 &init.compression.to_client, &init.languages.to_server, &init.languages.to_client}) {
    const auto value = TakeString(in, too_long);
    if (!value) return std::nullopt;
    *list = base::AsText(*value);
  }
  in.Skip(1 + 4);  // first_kex_packet_follows, reserved
  if (!in.ok()) return std::nullopt;
  return init;
}

std::vector<std::string_view> SplitNames(std::string_view list, size_t& total) {
  std::vector<std::string_view> names;
  total = 1 + static_cast<size_t>(std::count(list.begin(), list.end(), ','));
  names.reserve(std::min(total, kMaxAlgorithms));
  for (size_t at = 0; names.size() < kMaxAlgorithms;) {
    const size_t comma = list.find(',', at);
    names.push_back(list.substr(at, comma - at));
    if (comma == std::string_view::npos) break;
    at = comma + 1;
  }
  return names;
}

KexFamily FamilyOf(std::string_view kex) {
  if (kex.starts_with("curve25519-sha256") || kex.starts_with("ecdh-sha2-") || kex.starts_with("sntrup761x25519-") ||
      kex.starts_with("mlkem") || kex.starts_with("curve448-sha512") || kex == "ecmqv-sha2") {
    return KexFamily::kEcc;
  }
  if (kex.starts_with("diffie-hellman-group-exchange-")) return KexFamily::kDhGex;
  if (kex.starts_with("diffie-hellman-group")) return KexFamily::kDh;
  if (kex.starts_with("gss-")) return KexFamily::kGss;
  if (kex == "rsa1024-sha1" || kex == "rsa2048-sha256") return KexFamily::kRsa;
  return KexFamily::kUnknown;
}

KexMessage MessageOf(KexFamily family, uint8_t type) {
  constexpr KexMessage kReply{.strings = 3, .host_key = true};
  constexpr KexMessage kUnknown{.known = false};
  switch (family) {
    case KexFamily::kEcc:
      return type == 30 ? KexMessage{.strings = 1} : type == 31 ? kReply : kUnknown;
    case KexFamily::kDh:
      // Others are passed over, here and below.
      return type == 30 ? KexMessage{.strings = 1} : type == 31 ? kReply : KexMessage{};
    case KexFamily::kDhGex:
      switch (type) {
        case 30:
          return {.numbers = 1};
        case 31:
          return {.strings = 2};
        case 32:
          return {.strings = 1};
        case 33:
          return kReply;
        case 34:
          return {.numbers = 3};
        default:
          return {};
      }
    case KexFamily::kRsa:
      return type == 30 ? KexMessage{.strings = 2} : type == 31 || type == 32 ? KexMessage{.strings = 1} : kUnknown;
    case KexFamily::kGss:
      switch (type) {
        case 30:
        case 32:
        case 41:
          return {.strings = 2};
        case 31:
          return {.strings = 1};
        case 33:
          return {.strings = 1, .host_key = true};
        case 34:
          return {.strings = 2, .numbers = 2};
        case 40:
          return {.numbers = 3};
        default:
          return kUnknown;
      }
    case KexFamily::kUnknown:
      break;
  }
  return kUnknown;
}

}  // namespace quaywatch::analyze::ssh
