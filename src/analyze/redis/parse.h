// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "analyze/redis/reader.h"
#include "analyze/redis/types.h"
#include "base/bytes.h"

namespace quaywatch::analyze::redis {

enum class Parsed { kMore, kDone, kBroken };

// The commands of one client: arrays of bulk strings, or inline commands.
class CommandParser {
 public:
  // Takes the next command from the front of `in`; kMore: all of it was used up. Empty commands are
  // passed over, as the server does.
  Parsed Next(base::Bytes& in, Command& command);

 private:
  Reader reader_;
  int64_t elements_left_ = 0;
  std::array<std::string, kMaxArguments> arguments_;
  size_t count_ = 0;
};

// The replies of a server as they are shown.
class ReplyParser {
 public:
  Parsed Next(base::Bytes& in, Reply& reply);

 private:
  struct Level {
    char type;
    int64_t left;  // values still to come; two for each pair of a map
    bool first = true;
  };

  Parsed OnToken(const Token& token);
  bool ShowScalar(const Token& token);
  Parsed EndValue();
  void Show(std::string_view text);

  Reader reader_;
  std::vector<Level> levels_;  // kMaxDepth at most
  size_t hidden_ = 0;          // levels that belong to attributes, which are not shown
  Reply reply_;
};

// Words of an inline command: separated by white space, quotes kept with what they enclose. The first
// kMaxArguments are put into `words`, all are counted.
size_t SplitInline(std::string_view line, std::array<std::string_view, kMaxArguments>& words);

// What is known of a command by its arguments. REQUIRES: count >= 1.
Command MakeCommand(const std::array<std::string_view, kMaxArguments>& arguments, size_t count);

}  // namespace quaywatch::analyze::redis
