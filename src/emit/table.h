// SPDX-License-Identifier: Apache-2.0
//
// Records as a table for people, all logs in one:
//
//   TIME (UTC)               LOG        ORIGINATOR   RESPONDER
//   2026-01-31 12:00:00.123  dns  10.0.0.7:41234 → 10.0.0.10:53   query=db.shop qtype=A answers=10.0.0.9
//   2026-01-31 12:00:00.125  conn 10.0.0.7:50120 → 10.0.0.9:5432  tcp postgresql 1.2 s 525 B sent ...
//
// Which column is the time, an address or the protocol follows from the names all logs share. A log with
// a conn_state is told as a conversation; of others the columns that are set are named. Identifiers, numbers
// that are named beside (qtype, qtype_name), zeros and what is false are left out, long texts cut: JSON has
// all of it.
#pragma once

#include <string>
#include <vector>

#include "emit/text.h"
#include "model/identity.h"
#include "model/record.h"

namespace quaywatch::emit {

// Columns grow with what was seen, so that lines stay under each other.
struct TableWidths {
  size_t log = 5;
  size_t originator = 21;
  size_t responder = 21;
};

class TableLayout {
 public:
  // `color`: escape sequences of ECMA-48 for a terminal.
  TableLayout(const model::Schema& schema, bool color);

  static std::string Header(bool color);
  // One line without its newline.
  void PutLine(Text& out, const void* record, const model::Parties& parties, TableWidths& widths) const;

 private:
  void PutEndpoints(Text& out, const void* record, const model::Parties& parties, TableWidths& widths) const;
  void PutConversation(Text& out, const void* record) const;
  void PutNamed(Text& out, const void* record) const;
  bool IsIcmp(const void* record) const;

  const model::Schema& schema_;
  bool color_;
  // Null where the log has no such column.
  const model::Column* ts_;
  const model::Column* orig_h_;
  const model::Column* orig_p_;
  const model::Column* resp_h_;
  const model::Column* resp_p_;
  const model::Column* proto_;
  const model::Column* service_;
  const model::Column* duration_;
  const model::Column* orig_bytes_;
  const model::Column* resp_bytes_;
  const model::Column* state_;
  std::vector<const model::Column*> named_;
};

}  // namespace quaywatch::emit
