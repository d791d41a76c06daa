// SPDX-License-Identifier: Apache-2.0
#include "analyze/ssl/certificate.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>

#include "analyze/asn1_time.h"

namespace quaywatch::analyze::ssl {
namespace {

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Cert = std::unique_ptr<X509, Free<X509_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Number = std::unique_ptr<BIGNUM, Free<BN_free>>;

// Longest text kept of a name or number; longer ones are cut, as by Zeek.
constexpr size_t kMaxText = 2047;

// Algorithms younger than some versions of OpenSSL (FIPS 204).
struct YoungAlgorithm {
  const char* oid;
  std::string_view name;
};
constexpr auto kYoungAlgorithms = std::to_array<YoungAlgorithm>({
    {"2.16.840.1.101.3.4.3.17", "ML-DSA-44"},
    {"2.16.840.1.101.3.4.3.18", "ML-DSA-65"},
    {"2.16.840.1.101.3.4.3.19", "ML-DSA-87"},
});

// What was printed so far, up to the end of the first line.
std::string TakeLine(BIO* bio) {
  char text[kMaxText + 1];
  const int length = BIO_gets(bio, text, sizeof text);
  std::string line(text, length > 0 ? static_cast<size_t>(length) : 0);
  BIO_reset(bio);
  return line;
}

std::string TakeAll(BIO* bio) {
  char text[kMaxText + 1];
  const int length = BIO_read(bio, text, sizeof text);
  std::string all(text, length > 0 ? static_cast<size_t>(length) : 0);
  BIO_reset(bio);
  return all;
}

std::string NameOf(BIO* bio, const X509_NAME* name) {
  X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253);
  return TakeLine(bio);
}

std::string LastCommonName(BIO* bio, const X509_NAME* name) {
  int last = -1;
  for (int at = -1; (at = X509_NAME_get_index_by_NID(name, NID_commonName, at)) >= 0;) last = at;
  if (last < 0) return {};
  ASN1_STRING_print(bio, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, last)));
  return TakeLine(bio);
}

std::string AlgorithmName(const ASN1_OBJECT* algorithm) {
  char text[256] = "";
  if (OBJ_obj2nid(algorithm) == NID_undef) {
    OBJ_obj2txt(text, sizeof text, algorithm, 1);
    const auto young = std::ranges::find(kYoungAlgorithms, std::string_view(text), &YoungAlgorithm::oid);
    if (young != kYoungAlgorithms.end()) return std::string(young->name);
  }
  OBJ_obj2txt(text, sizeof text, algorithm, 0);
  return text;
}

std::string SignatureName(const X509* certificate) {
  const X509_ALGOR* algorithm = nullptr;
  X509_get0_signature(nullptr, &algorithm, certificate);
  const ASN1_OBJECT* object = nullptr;
  X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
  std::string name = AlgorithmName(object);
  const bool unknown = OBJ_obj2nid(object) == NID_undef && !name.empty() && name[0] >= '0' && name[0] <= '9';
  return unknown ? "undefined" : name;
}

std::optional<uint64_t> BitsOf(const EVP_PKEY* key, const char* parameter) {
  BIGNUM* raw = nullptr;
  if (!EVP_PKEY_get_bn_param(key, parameter, &raw)) return std::nullopt;
  const Number number(raw);
  const int bits = BN_num_bits(number.get());
  return bits > 0 ? std::optional<uint64_t>(static_cast<uint64_t>(bits)) : std::nullopt;
}

void ReadRsa(const EVP_PKEY* key, Certificate& out) {
  out.key_type = "rsa";
  out.key_length = BitsOf(key, OSSL_PKEY_PARAM_RSA_N);
  BIGNUM* raw = nullptr;
  if (!EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &raw)) return;
  const Number exponent(raw);
  if (char* text = BN_bn2dec(exponent.get())) {
    out.exponent = text;
    OPENSSL_free(text);
  }
}

void ReadKey(X509* certificate, Certificate& out) {
  X509_PUBKEY* holder = X509_get_X509_PUBKEY(certificate);
  ASN1_OBJECT* algorithm = nullptr;
  const unsigned char* bits = nullptr;
  int bits_length = 0;
  if (!X509_PUBKEY_get0_param(&algorithm, &bits, &bits_length, nullptr, holder)) return;
  out.key_alg = AlgorithmName(algorithm);

  // Servers of Windows' remote desktop name a signature where the key's algorithm belongs.
  if (OBJ_obj2nid(algorithm) == NID_md5WithRSAEncryption) {
    X509_PUBKEY_set0_param(holder, OBJ_nid2obj(NID_rsaEncryption), V_ASN1_UNDEF, nullptr, nullptr, 0);
  }

  const Key key(X509_get_pubkey(certificate));
  if (!key) {
    if (std::ranges::find(kYoungAlgorithms, out.key_alg, &YoungAlgorithm::name) != kYoungAlgorithms.end()) {
      out.key_type = out.key_alg;
      out.key_length = static_cast<uint64_t>(bits_length) * 8;
    }
    return;
  }
  switch (EVP_PKEY_get_base_id(key.get())) {
    case EVP_PKEY_RSA:
      return ReadRsa(key.get(), out);
    case EVP_PKEY_DSA:
      out.key_type = "dsa";
      out.key_length = BitsOf(key.get(), OSSL_PKEY_PARAM_FFC_P);
      return;
    case EVP_PKEY_EC: {
      out.key_type = "ecdsa";
      out.key_length = BitsOf(key.get(), OSSL_PKEY_PARAM_EC_ORDER);
      char curve[256];
      if (EVP_PKEY_get_utf8_string_param(key.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve, sizeof curve, nullptr)) {
        out.curve = curve;
      }
      return;
    }
    default:
      if (const char* type = EVP_PKEY_get0_type_name(key.get())) out.key_type = type;
      if (const int length = EVP_PKEY_get_bits(key.get()); length > 0) out.key_length = static_cast<uint64_t>(length);
  }
}

void ReadBasicConstraints(X509_EXTENSION* extension, Certificate& out) {
  auto* constraints = static_cast<BASIC_CONSTRAINTS*>(X509V3_EXT_d2i(extension));
  if (!constraints) return out.oddities.push_back({"x509_invalid_basic_constraint", {}});
  out.ca = constraints->ca != 0;
  out.path_length.reset();
  if (constraints->pathlen) {
    const long length = ASN1_INTEGER_get(constraints->pathlen);
    out.path_length = static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(length)));
  }
  BASIC_CONSTRAINTS_free(constraints);
}

void ReadText(const GENERAL_NAME* name, std::optional<std::vector<std::string>>& list, Certificate& out) {
  const ASN1_IA5STRING* text = name->d.ia5;
  if (ASN1_STRING_type(text) != V_ASN1_IA5STRING) return out.oddities.push_back({"x509_san_non_string", {}});
  if (!list) list.emplace();
  list->emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                     static_cast<size_t>(ASN1_STRING_length(text)));
}

void ReadAddress(const ASN1_OCTET_STRING* address, Certificate& out) {
  if (!out.san_ip) out.san_ip.emplace();
  const uint8_t* bytes = ASN1_STRING_get0_data(address);
  const int length = ASN1_STRING_length(address);
  if (length == 4) {
    out.san_ip->push_back(model::IpAddress::V4(bytes));
  } else if (length == 16) {
    out.san_ip->push_back(model::IpAddress::V6(bytes));
  } else {
    out.oddities.push_back({"x509_san_ip_length", std::to_string(length)});
  }
}

void ReadAlternativeNames(X509_EXTENSION* extension, Certificate& out) {
  out.has_san = true;
  auto* names = static_cast<GENERAL_NAMES*>(X509V3_EXT_d2i(extension));
  if (!names) return out.oddities.push_back({"x509_san_parse_error", {}});
  out.san_dns.reset();
  out.san_uri.reset();
  out.san_email.reset();
  out.san_ip.reset();
  const int count = std::min(sk_GENERAL_NAME_num(names), static_cast<int>(kMaxAlternativeNames));
  for (int i = 0; i < count; ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    switch (name->type) {
      case GEN_DNS:
        ReadText(name, out.san_dns, out);
        break;
      case GEN_URI:
        ReadText(name, out.san_uri, out);
        break;
      case GEN_EMAIL:
        ReadText(name, out.san_email, out);
        break;
      case GEN_IPADD:
        ReadAddress(name->d.iPAddress, out);
        break;
      default:
        break;
    }
  }
  GENERAL_NAMES_free(names);
}

base::CalendarTime ReadTime(const ASN1_TIME* time, Certificate& out) {
  const base::Bytes text(ASN1_STRING_get0_data(time), static_cast<size_t>(ASN1_STRING_length(time)));
  const auto kind = ASN1_STRING_type(time) == V_ASN1_UTCTIME ? Asn1TimeKind::kUtc : Asn1TimeKind::kGeneralized;
  const Asn1Time parsed = ParseAsn1Time(kind, base::AsText(text));
  if (!parsed.oddity.empty()) out.oddities.push_back({parsed.oddity, {}});
  return parsed.time;
}

std::string Fingerprint(const X509* certificate) {
  uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (!X509_digest(certificate, EVP_sha256(), digest, &length)) return {};
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : base::Bytes(digest, length)) {
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return text;
}

}  // namespace

std::shared_ptr<const Certificate> ParseCertificate(base::Bytes der) {
  const uint8_t* at = der.data();
  const Cert certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  const Bio bio(BIO_new(BIO_s_mem()));
  if (!certificate || !bio) {
    ERR_clear_error();
    return nullptr;
  }
  X509* x509 = certificate.get();
  auto out = std::make_shared<Certificate>();
  out->fingerprint = Fingerprint(x509);
  out->version = static_cast<uint64_t>(X509_get_version(x509) + 1);
  i2a_ASN1_INTEGER(bio.get(), X509_get0_serialNumber(x509));
  out->serial = TakeAll(bio.get());
  out->subject = NameOf(bio.get(), X509_get_subject_name(x509));
  out->common_name = LastCommonName(bio.get(), X509_get_subject_name(x509));
  out->issuer = NameOf(bio.get(), X509_get_issuer_name(x509));
  out->not_valid_before = ReadTime(X509_get0_notBefore(x509), *out);
  out->not_valid_after = ReadTime(X509_get0_notAfter(x509), *out);
  out->sig_alg = SignatureName(x509);
  ReadKey(x509, *out);
  for (int i = 0; i < X509_get_ext_count(x509); ++i) {
    X509_EXTENSION* extension = X509_get_ext(x509, i);
    const int kind = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
    if (kind == NID_basic_constraints) ReadBasicConstraints(extension, *out);
    if (kind == NID_subject_alt_name) ReadAlternativeNames(extension, *out);
  }
  // Broken parts leave entries in the thread's queue, which nobody reads.
  ERR_clear_error();
  return out;
}

namespace {

bool NameMatches(std::string_view host, std::string_view pattern) {
  if (host == pattern) return true;
  const size_t star = pattern.find('*');
  const size_t dot = pattern.find('.');
  if (star == pattern.npos || dot == pattern.npos || star + 1 != dot) return false;
  if (pattern.find('.', dot + 1) == pattern.npos) return false;
  const size_t host_dot = host.find('.');
  return host_dot != host.npos && host.substr(host_dot) == pattern.substr(dot) &&
         host.substr(0, star) == pattern.substr(0, star);
}

}  // namespace

bool IsIssuedFor(const Certificate& certificate, std::string_view host) {
  if (!certificate.has_san) {
    return !certificate.common_name.empty() && NameMatches(host, certificate.common_name);
  }
  return certificate.san_dns &&
         std::ranges::any_of(*certificate.san_dns, [&](const std::string& name) { return NameMatches(host, name); });
}

}  // namespace quaywatch::analyze::ssl
