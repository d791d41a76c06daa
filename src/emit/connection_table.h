// SPDX-License-Identifier: Apache-2.0
//
// A line for each connection, for people: when, who with whom, what, how much, how it ended, what was asked.
//
//   TIME (UTC)              ORIGINATOR   RESPONDER              PROTOCOL      SENT  RECEIVED  STATE
//   12:00:00.125        10.0.0.7:50120 → 10.0.0.9:80            http         525 B     69 kB  closed   GET shop.demo /
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "emit/asked.h"
#include "emit/text.h"
#include "model/identity.h"
#include "model/record.h"

namespace quaywatch::emit {

class ConnectionTable {
 public:
  // `color`: escape sequences for a terminal.
  explicit ConnectionTable(bool color) : color_(color) {}

  static std::string Header(bool color);
  // Of the log of connections: a line without its newline. Of all others: takes note of what was asked, puts
  // nothing and returns false.
  bool PutLine(Text& out, const model::Schema& schema, const void* record, const model::Parties& parties);

 private:
  struct Columns {
    explicit Columns(const model::Schema& schema);
    const model::Column* ts;
    const model::Column* uid;
    const model::Column* orig_h;
    const model::Column* orig_p;
    const model::Column* resp_h;
    const model::Column* resp_p;
    const model::Column* proto;
    const model::Column* service;
    const model::Column* orig_bytes;
    const model::Column* resp_bytes;
    const model::Column* state;
    bool is_connection;
  };
  void PutEnds(Text& out, const Columns& columns, const void* record, const model::Parties& parties);

  bool color_;
  Asked asked_;
  std::unordered_map<const model::Schema*, Columns> columns_;
  // Grow with what was seen, so that lines stay under each other.
  size_t originator_width_ = 21;
  size_t responder_width_ = 21;
};

}  // namespace quaywatch::emit
