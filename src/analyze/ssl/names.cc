// SPDX-License-Identifier: Apache-2.0
#include "analyze/ssl/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "analyze/ssl/types.h"

namespace quaywatch::analyze::ssl {
namespace {

struct Name {
  uint32_t number;
  std::string_view name;
};

constexpr auto kVersions = std::to_array<Name>({
    {kSsl2, "SSLv2"},
    {kSsl3, "SSLv3"},
    {kTls10, "TLSv10"},
    {kTls11, "TLSv11"},
    {kTls12, "TLSv12"},
    {kTls13, "TLSv13"},
    {kDtls13, "DTLSv13"},
    {kDtls12, "DTLSv12"},
    {kDtls10, "DTLSv10"},
});

// IANA's "TLS Supported Groups".
constexpr auto kGroups = std::to_array<Name>({
    {1, "sect163k1"},
    {2, "sect163r1"},
    {3, "sect163r2"},
    {4, "sect193r1"},
    {5, "sect193r2"},
    {6, "sect233k1"},
    {7, "sect233r1"},
    {8, "sect239k1"},
    {9, "sect283k1"},
    {10, "sect283r1"},
    {11, "sect409k1"},
    {12, "sect409r1"},
    {13, "sect571k1"},
    {14, "sect571r1"},
    {15, "secp160k1"},
    {16, "secp160r1"},
    {17, "secp160r2"},
    {18, "secp192k1"},
    {19, "secp192r1"},
    {20, "secp224k1"},
    {21, "secp224r1"},
    {22, "secp256k1"},
    {23, "secp256r1"},
    {24, "secp384r1"},
    {25, "secp521r1"},
    {26, "brainpoolP256r1"},
    {27, "brainpoolP384r1"},
    {28, "brainpoolP512r1"},
    {29, "x25519"},
    {30, "x448"},
    {31, "brainpoolP256r1tls13"},
    {32, "brainpoolP384r1tls13"},
    {33, "brainpoolP512r1tls13"},
    {34, "GC256A"},
    {35, "GC256B"},
    {36, "GC256C"},
    {37, "GC256D"},
    {38, "GC512A"},
    {39, "GC512B"},
    {40, "GC512C"},
    {41, "curveSM2"},
    {256, "ffdhe2048"},
    {257, "ffdhe3072"},
    {258, "ffdhe4096"},
    {259, "ffdhe6144"},
    {260, "ffdhe8192"},
    {512, "MLKEM512"},
    {513, "MLKEM768"},
    {514, "MLKEM1024"},
    {4587, "SecP256r1MLKEM768"},
    {4588, "X25519MLKEM768"},
    {4589, "SecP384r1MLKEM1024"},
    {4590, "curveSM2MLKEM768"},
    {16696, "CECPQ2"},
    {25497, "X25519Kyber768Draft00"},
    {25498, "SecP256r1Kyber768Draft00"},
    {0xff01, "arbitrary_explicit_prime_curves"},
    {0xff02, "arbitrary_explicit_char2_curves"},
});

// IANA's "TLS Alerts".
constexpr auto kAlerts = std::to_array<Name>({
    {0, "close_notify"},
    {10, "unexpected_message"},
    {20, "bad_record_mac"},
    {21, "decryption_failed"},
    {22, "record_overflow"},
    {30, "decompression_failure"},
    {40, "handshake_failure"},
    {41, "no_certificate"},
    {42, "bad_certificate"},
    {43, "unsupported_certificate"},
    {44, "certificate_revoked"},
    {45, "certificate_expired"},
    {46, "certificate_unknown"},
    {47, "illegal_parameter"},
    {48, "unknown_ca"},
    {49, "access_denied"},
    {50, "decode_error"},
    {51, "decrypt_error"},
    {60, "export_restriction"},
    {70, "protocol_version"},
    {71, "insufficient_security"},
    {80, "internal_error"},
    {86, "inappropriate_fallback"},
    {90, "user_canceled"},
    {100, "no_renegotiation"},
    {110, "unsupported_extension"},
    {111, "certificate_unobtainable"},
    {112, "unrecognized_name"},
    {113, "bad_certificate_status_response"},
    {114, "bad_certificate_hash_value"},
    {115, "unknown_psk_identity"},
    {116, "certificate_required"},
    {117, "general_error"},
    {120, "no_application_protocol"},
    {121, "ech_required"},
});

static_assert(std::ranges::is_sorted(kGroups, {}, &Name::number) && std::ranges::is_sorted(kAlerts, {}, &Name::number));
static_assert(std::ranges::is_sorted(kVersions, {}, &Name::number));

std::string_view Find(std::span<const Name> names, uint32_t number) {
  const auto found = std::ranges::lower_bound(names, number, {}, &Name::number);
  return found != names.end() && found->number == number ? found->name : std::string_view();
}

std::string OrUnknown(std::string_view name, uint32_t number) {
  return name.empty() ? fmt::format("unknown-{}", number) : std::string(name);
}

}  // namespace

std::string_view VersionName(uint16_t number) { return Find(kVersions, number); }

std::string_view CurveName(uint16_t number) {
  // The suites' table has the names of GREASE.
  return IsGrease(number) ? CipherName(number) : Find(kGroups, number);
}

std::string_view AlertName(uint16_t number) { return Find(kAlerts, number); }

std::string VersionText(uint16_t number) {
  const std::string_view name = VersionName(number);
  if (name.empty() && number / 0xff == 0x7f) return fmt::format("TLSv13-draft{}", number % 0x7f);
  return OrUnknown(name, number);
}

std::string CipherText(uint32_t number) { return OrUnknown(CipherName(number), number); }
std::string CurveText(uint16_t number) { return OrUnknown(CurveName(number), number); }
std::string AlertText(uint16_t number) { return OrUnknown(AlertName(number), number); }

}  // namespace quaywatch::analyze::ssl
