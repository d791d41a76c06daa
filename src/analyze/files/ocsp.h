// SPDX-License-Identifier: Apache-2.0
//
// OCSP responses (RFC 6960): what an authority says of single certificates.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "model/ids.h"
#include "model/record.h"

namespace quaywatch::analyze::files {

struct OcspRecord {
  base::Timestamp ts;
  model::Uid id;  // of the file
  std::string hash_algorithm;
  std::string issuer_name_hash;  // upper-case hex, like the next two
  std::string issuer_key_hash;
  std::string serial_number;
  std::string_view cert_status;  // "good", "revoked", "unknown"
  std::optional<base::CalendarTime> revoke_time;
  std::optional<std::string_view> revoke_reason;
  base::CalendarTime this_update;
  std::optional<base::CalendarTime> next_update;

  static const model::Schema& Schema();
};

// Longest response that is looked at, and the most answers read of one.
inline constexpr size_t kMaxOcspResponse = 64 * 1024;
inline constexpr int kMaxOcspAnswers = 100;

// One record for each certificate the response is about, without ts and id. Empty if the bytes are no
// response, or one that says only that something went wrong.
std::vector<OcspRecord> ParseOcspResponse(base::Bytes der);

}  // namespace quaywatch::analyze::files
