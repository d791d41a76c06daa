// SPDX-License-Identifier: Apache-2.0
//
// Certificates are few and come again and again: each is parsed once while it is in use.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "analyze/context.h"
#include "analyze/ssl/certificate.h"

namespace quaywatch::analyze::ssl {

// Shared by all flows of a worker. Forgets the certificate not asked for the longest when it is full.
class CertificateCache : public WorkerState {
 public:
  // Certificates kept, and the longest that is: longer ones are parsed each time.
  static constexpr size_t kMaxEntries = 1024;
  static constexpr size_t kMaxCertificate = 8192;

  // nullptr if the bytes are no certificate, which is remembered as well.
  std::shared_ptr<const Certificate> Get(base::Bytes der);

  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    uint64_t hash;
    std::string der;
    std::shared_ptr<const Certificate> certificate;
  };

  std::list<Entry> entries_;  // the one asked for last in front
  std::unordered_map<uint64_t, std::list<Entry>::iterator> by_hash_;
};

}  // namespace quaywatch::analyze::ssl
