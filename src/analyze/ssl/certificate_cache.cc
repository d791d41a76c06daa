// SPDX-License-Identifier: Apache-2.0
#include "analyze/ssl/certificate_cache.h"

#include "base/hash.h"

namespace quaywatch::analyze::ssl {

std::shared_ptr<const Certificate> CertificateCache::Get(base::Bytes der) {
  if (der.size() > kMaxCertificate) return ParseCertificate(der);
  const std::string_view bytes = base::AsText(der);
  const uint64_t hash = base::Hash64(bytes);
  if (const auto found = by_hash_.find(hash); found != by_hash_.end()) {
    Entry& entry = *found->second;
    // The hash is no secret: another certificate may have been made to have it.
    if (entry.der != bytes) return ParseCertificate(der);
    entries_.splice(entries_.begin(), entries_, found->second);
    return entry.certificate;
  }
  if (entries_.size() == kMaxEntries) {
    by_hash_.erase(entries_.back().hash);
    entries_.pop_back();
  }
  entries_.push_front({hash, std::string(bytes), ParseCertificate(der)});
  by_hash_.emplace(hash, entries_.begin());
  return entries_.front().certificate;
}

}  // namespace quaywatch::analyze::ssl
