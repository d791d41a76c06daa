// SPDX-License-Identifier: Apache-2.0
//
// Files seen in traffic: bodies, attachments, certificates. Any protocol reports their bytes; one place
// (analyze/files) finds their type, counts, hashes and writes files.log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "model/flow.h"
#include "model/ids.h"

namespace quaywatch::analyze {

struct FileOrigin {
  std::string_view source;  // "HTTP", "SMTP", "FTP_DATA", "SSL"; lives as long as the program
  model::Direction from = model::Direction::kOrig;
  uint32_t depth = 0;  // nesting or position as the protocol counts it (files.depth)
  std::optional<std::string> filename;
  std::optional<uint64_t> total_bytes;  // if announced
  std::optional<model::Uid> parent;     // of a file inside a file
  // A type known beforehand; empty: find it by content.
  std::string_view mime_type;
  // Names of what else looks at the file, for files.analyzers ("X509").
  std::string_view analyzer;
  bool want_sha1 = false;  // certificates are always hashed
  bool want_sha256 = false;
};

// What one flow tells another of the file it carries: FTP's data connection its control connection. Both
// belong to one worker.
struct CarriedFile {
  std::optional<model::Uid> fuid;
  std::string_view mime_type;  // empty until known; lives as long as the program
};

class File {
 public:
  // Writes the record. A file that was not ended before, nor brought all its announced bytes, is recorded as
  // timed out: nobody saw its end.
  virtual ~File() = default;
  virtual const model::Uid& fuid() const = 0;
  // Another flow carries parts of the file too (HTTP ranges): it gets a record for each. Further calls for
  // the same flow do nothing.
  virtual void AddFlow(const model::FlowInfo&) {}
  // Empty until enough was seen (4096 bytes or the end), and where nothing matches.
  virtual std::string_view mime_type() const = 0;
  // The next bytes of the file.
  virtual void Data(base::Bytes bytes) = 0;
  // Bytes at a place of their own (HTTP ranges).
  virtual void DataAt(uint64_t offset, base::Bytes bytes) = 0;
  // The next bytes were never seen.
  virtual void Gap(uint64_t length) = 0;
  virtual void SetFilename(std::string_view name) = 0;
  virtual void SetTotalBytes(uint64_t total) = 0;
  // The protocol says, or the flow's end does, that no more bytes will come; finds the type of a short file.
  virtual void End() = 0;
};

}  // namespace quaywatch::analyze
