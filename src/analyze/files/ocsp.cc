// SPDX-License-Identifier: Apache-2.0
#include "analyze/files/ocsp.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>

#include <algorithm>
#include <memory>

#include "analyze/asn1_time.h"

namespace quaywatch::analyze::files {
namespace {

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Response = std::unique_ptr<OCSP_RESPONSE, Free<OCSP_RESPONSE_free>>;
using BasicResponse = std::unique_ptr<OCSP_BASICRESP, Free<OCSP_BASICRESP_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;

std::string Take(BIO* bio) {
  char text[2048];
  const int length = BIO_read(bio, text, sizeof text);
  std::string all(text, length > 0 ? static_cast<size_t>(length) : 0);
  BIO_reset(bio);
  return all;
}

std::optional<base::CalendarTime> ReadTime(const ASN1_GENERALIZEDTIME* time) {
  if (!time) return std::nullopt;
  const base::Bytes text(ASN1_STRING_get0_data(time), static_cast<size_t>(ASN1_STRING_length(time)));
  return ParseAsn1Time(Asn1TimeKind::kGeneralized, base::AsText(text)).time;
}

OcspRecord ReadAnswer(OCSP_SINGLERESP* answer, BIO* bio) {
  OcspRecord record;
  ASN1_OBJECT* algorithm = nullptr;
  ASN1_OCTET_STRING* name_hash = nullptr;
  ASN1_OCTET_STRING* key_hash = nullptr;
  ASN1_INTEGER* serial = nullptr;
  OCSP_id_get0_info(&name_hash, &algorithm, &key_hash, &serial,
                    const_cast<OCSP_CERTID*>(OCSP_SINGLERESP_get0_id(answer)));
  i2a_ASN1_OBJECT(bio, algorithm);
  record.hash_algorithm = Take(bio);
  i2a_ASN1_STRING(bio, name_hash, V_ASN1_OCTET_STRING);
  record.issuer_name_hash = Take(bio);
  i2a_ASN1_STRING(bio, key_hash, V_ASN1_OCTET_STRING);
  record.issuer_key_hash = Take(bio);
  i2a_ASN1_INTEGER(bio, serial);
  record.serial_number = Take(bio);

  int reason = -1;
  ASN1_GENERALIZEDTIME* revoked = nullptr;
  ASN1_GENERALIZEDTIME* this_update = nullptr;
  ASN1_GENERALIZEDTIME* next_update = nullptr;
  const int status = OCSP_single_get0_status(answer, &reason, &revoked, &this_update, &next_update);
  record.cert_status = OCSP_cert_status_str(status);
  record.revoke_time = ReadTime(revoked);
  if (revoked && reason >= 0) record.revoke_reason = OCSP_crl_reason_str(reason);
  record.this_update = ReadTime(this_update).value_or(base::CalendarTime());
  record.next_update = ReadTime(next_update);
  return record;
}

}  // namespace

std::vector<OcspRecord> ParseOcspResponse(base::Bytes der) {
  std::vector<OcspRecord> records;
  const uint8_t* at = der.data();
  const Response response(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(der.size())));
  const Bio bio(BIO_new(BIO_s_mem()));
  if (response && bio && OCSP_response_status(response.get()) == OCSP_RESPONSE_STATUS_SUCCESSFUL) {
    if (const BasicResponse basic(OCSP_response_get1_basic(response.get())); basic) {
      const int count = std::min(OCSP_resp_count(basic.get()), kMaxOcspAnswers);
      for (int i = 0; i < count; ++i) records.push_back(ReadAnswer(OCSP_resp_get0(basic.get(), i), bio.get()));
    }
  }
  // Nobody reads the thread's queue of errors.
  ERR_clear_error();
  return records;
}

const model::Schema& OcspRecord::Schema() {
  using R = OcspRecord;
  using model::Col;
  static const model::Schema schema(
      "ocsp", "What authorities answered about certificates (OCSP)",
      model::Columns(Col<&R::ts>("ts", "When the response was seen, packet time"),
                     Col<&R::id>("id", "Identifier of the file that holds the response"),
                     Col<&R::hash_algorithm>("hashAlgorithm", "Algorithm of the next two hashes"),
                     Col<&R::issuer_name_hash>("issuerNameHash", "Hash of the issuer's name"),
                     Col<&R::issuer_key_hash>("issuerKeyHash", "Hash of the issuer's key"),
                     Col<&R::serial_number>("serialNumber", "Serial number of the certificate"),
                     Col<&R::cert_status>("certStatus", "Status of the certificate: good, revoked or unknown"),
                     Col<&R::revoke_time>("revoketime", "When it was revoked"),
                     Col<&R::revoke_reason>("revokereason", "Why it was revoked"),
                     Col<&R::this_update>("thisUpdate", "Since when the status is known"),
                     Col<&R::next_update>("nextUpdate", "Until when a newer answer will be there")));
  return schema;
}

}  // namespace quaywatch::analyze::files
