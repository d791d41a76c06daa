// SPDX-License-Identifier: Apache-2.0
//
// Records out of the process: one file per log (Zeek TSV, Zeek JSON, our own JSON lines), or all logs on
// one stream (JSON lines, or a table for people). Walks the records' schema; knows no protocol.
//
// In two halves, so that workers format in parallel and one thread writes:
//   Formatter  one per worker: records become lines in memory
//   LogWriter  one: lines become files
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/identity.h"
#include "model/record.h"

namespace quaywatch::emit {

enum class Format : uint8_t {
  kZeekTsv,
  kZeekJson,
  kJson,
  kTable,        // all records, for people
  kConnections,  // a line for each connection, for people, with what was asked in it
};
inline bool IsForPeople(Format format) { return format == Format::kTable || format == Format::kConnections; }

// Whole lines of one log; of all logs, in the order they were written, if the output is one stream.
struct Block {
  const model::Schema* schema = nullptr;  // null: all logs
  std::string text;
};

struct Options {
  Format format = Format::kZeekTsv;
  std::string log_dir;            // empty: everything to standard output
  std::vector<std::string> logs;  // only these, by name; empty: all
  bool color = false;             // in tables, for a terminal
  bool names = false;             // of both ends of connections, in logs that have ends
};

// Not thread-safe.
class Formatter {
 public:
  explicit Formatter(const Options& options);
  Formatter(Formatter&&) noexcept;
  ~Formatter();
  // Appends the record's line to its log's block; nothing if the log was not selected. `parties` are shown if
  // Options::names is set.
  void Write(const model::Schema& schema, const void* record, const model::Parties& parties = {});
  // Bytes held.
  size_t size() const;
  // Hands over what was formatted since the last call: one block per log that has lines, or a single one
  // if the output is one stream.
  std::vector<Block> Take();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Files appear with their first line and get their header then; Close completes them (#close). Every
// failure is one line for a person that names the file and the reason (disk full, no right to write);
// what was written before stays.
class LogWriter {
 public:
  // Makes the folder if it is not there.
  static base::Result<std::unique_ptr<LogWriter>> Open(const Options& options);
  ~LogWriter();
  // `time` stands in the header and footer of Zeek TSV: packet time of the first and last packet.
  base::Result<> Append(const Block& block, base::Timestamp time);
  base::Result<> Close(base::Timestamp time);

 private:
  class Impl;
  explicit LogWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace quaywatch::emit
