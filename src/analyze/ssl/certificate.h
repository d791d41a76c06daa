// SPDX-License-Identifier: Apache-2.0
//
// An X.509 certificate taken apart (RFC 5280), with the words OpenSSL has for it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "model/address.h"

namespace quaywatch::analyze::ssl {

// Names kept of a certificate's alternative names, all kinds together; the rest is dropped.
inline constexpr size_t kMaxAlternativeNames = 500;

struct Certificate {
  std::string fingerprint;  // SHA-256 of its DER form, lower-case hex
  uint64_t version = 0;     // as people count: 3 for v3
  std::string serial;       // upper-case hex
  std::string subject;      // RFC 2253: most specific first
  std::string issuer;
  base::CalendarTime not_valid_before;  // the epoch where the time can't be read
  base::CalendarTime not_valid_after;
  std::string key_alg;
  std::string sig_alg;
  std::optional<std::string> key_type;  // unset where the key can't be read
  std::optional<uint64_t> key_length;   // bits
  std::optional<std::string> exponent;  // RSA, decimal
  std::optional<std::string> curve;     // elliptic curves by name
  std::optional<std::vector<std::string>> san_dns;
  std::optional<std::vector<std::string>> san_uri;
  std::optional<std::vector<std::string>> san_email;
  std::optional<std::vector<model::IpAddress>> san_ip;
  std::optional<bool> ca;  // of the basic constraints
  std::optional<uint64_t> path_length;

  // Not logged: for matching with the name a client asked for.
  bool has_san = false;
  std::string common_name;  // the last one of the subject

  // Oddities met on the way: Zeek's names, and details where there are any.
  struct Oddity {
    std::string_view name;
    std::string addl;
  };
  std::vector<Oddity> oddities;
};

// nullptr if the bytes are no certificate.
std::shared_ptr<const Certificate> ParseCertificate(base::Bytes der);

// Was the certificate issued for this host? Alternative names count; the common name only where there are
// none (RFC 2818, 3.1). A wildcard stands for the rest of the first label of a name with at least three.
bool IsIssuedFor(const Certificate& certificate, std::string_view host);

}  // namespace quaywatch::analyze::ssl
