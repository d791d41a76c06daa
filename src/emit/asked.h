// SPDX-License-Identifier: Apache-2.0
//
// What was asked in a connection, in a few words, from the records of the protocols it spoke: "GET
// web.demo /health.json". A connection's own record comes last and does not know.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/record.h"

namespace quaywatch::emit {

class Asked {
 public:
  // Connections remembered at most; of more nothing is known.
  static constexpr size_t kMaxConnections = 100'000;
  // Characters kept of the first question; of further ones only the number.
  static constexpr size_t kMaxText = 60;

  // A record of any log: notes its columns that say what was asked, if it has such, under its uid.
  void Note(const model::Schema& schema, const void* record);
  // The words for a connection, which is forgotten with that; empty if nothing is known.
  std::string Take(std::string_view uid);

 private:
  struct Columns {
    const model::Column* uid = nullptr;
    std::vector<const model::Column*> asks;
  };
  struct Question {
    std::string first;
    uint64_t more = 0;
  };
  const Columns& ColumnsOf(const model::Schema& schema);

  std::unordered_map<const model::Schema*, Columns> columns_;
  std::unordered_map<std::string, Question> questions_;
};

}  // namespace quaywatch::emit
