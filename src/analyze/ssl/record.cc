// SPDX-License-Identifier: Apache-2.0
#include "analyze/ssl/record.h"

#include "analyze/ssl/fingerprint.h"

namespace quaywatch::analyze::ssl {
namespace {

// A column that shows a member of the certificate.
template <auto kMember>
model::Column CertificateCol(std::string_view name, std::string_view help, std::string_view unit = {}) {
  model::Column column = model::Col<kMember>(name, help, unit);
  column.get = [](const void* record) {
    return model::Value(static_cast<const X509Record*>(record)->certificate.get()->*kMember);
  };
  return column;
}

std::string Ja3Of(const SslRecord& record) { return Ja3(base::AsBytes(record.client_hello)); }
std::string Ja3sOf(const SslRecord& record) { return Ja3s(base::AsBytes(record.server_hello)); }
std::string Ja4Of(const SslRecord& record) { return Ja4(base::AsBytes(record.client_hello), record.datagram); }

}  // namespace

const model::Schema& SslRecord::Schema() {
  using R = SslRecord;
  using model::Col;
  static const model::Schema schema(
      "ssl", "TLS and DTLS handshakes",
      model::Columns(
          model::ConnColumns<R>(), Col<&R::version>("version", "Version the server chose"),
          Col<&R::cipher>("cipher", "Cipher suite the server chose"),
          Col<&R::curve>("curve", "Group the server chose for the key exchange"),
          model::Asks(Col<&R::server_name>("server_name", "Name of the server the client asked for (SNI)")),
          Col<&R::resumed>("resumed", "Whether keys of an earlier session were used again"),
          Col<&R::last_alert>("last_alert", "Last alert sent in clear"),
          Col<&R::next_protocol>("next_protocol", "Application protocol the server chose (ALPN)"),
          Col<&R::established>("established", "Whether both sides went over to encryption"),
          Col<&R::ssl_history>("ssl_history",
                               "Messages in the order seen, one letter each, the client's in capitals: "
                               "c client_hello, s server_hello, x certificate, k server_key_exchange, "
                               "g client_key_exchange, n server_hello_done, r certificate_request, "
                               "y certificate_verify, t NewSessionTicket, u certificate_status, i change_cipher_spec, "
                               "l alert, b heartbeat, h hello_request, j hello_retry_request, "
                               "v hello_verify_request, f finished, w certificate_url, a supplemental_data, "
                               "e end_of_early_data, o encrypted_extensions, p key_update, m message_hash, "
                               "z unassigned, ^ directions exchanged"),
          Col<&R::cert_chain_fps>("cert_chain_fps", "Fingerprints of the server's certificates, in the order sent"),
          Col<&R::client_cert_chain_fps>("client_cert_chain_fps", "Fingerprints of the client's certificates"),
          Col<&R::sni_matches_cert>("sni_matches_cert", "Whether the server's certificate is for server_name"),
          model::DerivedCol<R, Ja3Of>("ja3", "Fingerprint of the client by JA3"),
          model::DerivedCol<R, Ja3sOf>("ja3s", "Fingerprint of the server by JA3S"),
          model::DerivedCol<R, Ja4Of>("ja4", "Fingerprint of the client by JA4")));
  return schema;
}

const model::Schema& X509Record::Schema() {
  using C = Certificate;
  using model::Col;
  static const model::Schema schema(
      "x509", "Certificates seen, each once a day",
      model::Columns(Col<&X509Record::ts>("ts", "When the certificate was seen, packet time"),
                     CertificateCol<&C::fingerprint>("fingerprint", "SHA-256 of the certificate"),
                     CertificateCol<&C::version>("certificate.version", "Version of the format"),
                     CertificateCol<&C::serial>("certificate.serial", "Serial number, hexadecimal"),
                     CertificateCol<&C::subject>("certificate.subject", "Whom it is issued to"),
                     CertificateCol<&C::issuer>("certificate.issuer", "Who issued it"),
                     CertificateCol<&C::not_valid_before>("certificate.not_valid_before", "Not valid before"),
                     CertificateCol<&C::not_valid_after>("certificate.not_valid_after", "Not valid after"),
                     CertificateCol<&C::key_alg>("certificate.key_alg", "Algorithm the key is for"),
                     CertificateCol<&C::sig_alg>("certificate.sig_alg", "Algorithm of the issuer's signature"),
                     CertificateCol<&C::key_type>("certificate.key_type", "Kind of key: rsa, dsa, ecdsa"),
                     CertificateCol<&C::key_length>("certificate.key_length", "Length of the key", "bits"),
                     CertificateCol<&C::exponent>("certificate.exponent", "Exponent of an RSA key"),
                     CertificateCol<&C::curve>("certificate.curve", "Curve of an elliptic curve key"),
                     CertificateCol<&C::san_dns>("san.dns", "Alternative names: hosts"),
                     CertificateCol<&C::san_uri>("san.uri", "Alternative names: URIs"),
                     CertificateCol<&C::san_email>("san.email", "Alternative names: mail addresses"),
                     CertificateCol<&C::san_ip>("san.ip", "Alternative names: IP addresses"),
                     CertificateCol<&C::ca>("basic_constraints.ca", "Whether it may issue certificates"),
                     CertificateCol<&C::path_length>("basic_constraints.path_len", "How many issuers may follow"),
                     Col<&X509Record::host_cert>("host_cert", "Whether it came first in its chain"),
                     Col<&X509Record::client_cert>("client_cert", "Whether the client sent it")));
  return schema;
}

}  // namespace quaywatch::analyze::ssl
