// SPDX-License-Identifier: Apache-2.0
//
// The implementation behind analyze/file.h: counts a file's bytes, puts ranges in order, finds its type by
// content, hashes it and writes files.log when it is over.
#pragma once

#include <cstdint>
#include <memory>

#include "analyze/file.h"
#include "base/time.h"
#include "model/flow.h"
#include "model/record.h"

namespace quaywatch::analyze::files {

// Hashes of every file's content, for files.log.
struct Hashes {
  bool md5 = false;
  bool sha1 = false;
  bool sha256 = false;
};

// What files ask of the worker they live in; outlives them.
struct Surroundings {
  const base::Timestamp& now;  // packet time, read whenever something happens to a file
  model::RecordSink& records;
  Hashes hashes;
};

// A file that gets no byte for this long is over (Zeek's default_file_timeout_interval); bytes that come
// later are a new file of the same name.
inline constexpr base::Duration kFileTimeout = std::chrono::minutes(2);

// Bytes at the beginning of a file that its type is found by (Zeek's default_file_bof_buffer_size).
inline constexpr size_t kSniffLimit = 4096;

// Out-of-order bytes kept of one file; beyond it what is missing is given up (Zeek's
// default_reassembly_buffer_size).
inline constexpr size_t kReorderLimit = 512 * 1024;

// A file carried by `flow`, its `ordinal`th; both make its name. The flow is copied: the file may outlive it.
// A file that never saw a byte or a gap writes no record, nor does a certificate ("X509"), which x509.log
// tells of.
std::unique_ptr<File> MakeFile(const FileOrigin& origin, const model::FlowInfo& flow, uint32_t ordinal,
                               const Surroundings& surroundings);

}  // namespace quaywatch::analyze::files
