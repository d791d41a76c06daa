// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "analyze/redis/types.h"
#include "base/bytes.h"

namespace quaywatch::analyze::redis {

// A value, or the head of a collection whose elements follow. Views live until the next call.
struct Token {
  char type = 0;          // one of Type, or 0: a line that is none (an inline command)
  int64_t count = 0;      // elements of a collection (pairs of a map); -1: a collection or string that is null
  std::string_view text;  // the first kMaxShown bytes
};

// Cuts one side's bytes into tokens, whatever pieces they come in. Keeps at most kMaxShown bytes of an
// unfinished string (kMaxInline of an inline command).
class Reader {
 public:
  enum class Outcome { kMore, kToken, kBroken };
  // Takes the next token from the front of `in`; kMore: all of it was used up. `lines`: a first byte that is no type
  // begins an inline command; REQUIRES: only between two values.
  Outcome Next(base::Bytes& in, Token& token, bool lines = false);

 private:
  enum class State : uint8_t { kType, kLine, kBulk, kBulkEnd };

  Outcome ReadLine(base::Bytes& in, Token& token);
  Outcome ReadBulk(base::Bytes& in, Token& token);
  Outcome EndBulk(base::Bytes& in, Token& token);
  Outcome Finish(std::string_view text, Token& token);
  void Keep(std::string_view text, size_t limit);

  State state_ = State::kType;
  char type_ = 0;
  bool given_ = false;  // kept_ was handed out and is to be forgotten
  std::string kept_;    // the beginning of an unfinished text
  size_t length_ = 0;   // bytes of the line so far, kept or not
  int64_t left_ = 0;    // bytes of the string still to come
};

// A whole decimal number with an optional sign; false for anything else.
bool ParseNumber(std::string_view text, int64_t& number);

}  // namespace quaywatch::analyze::redis
