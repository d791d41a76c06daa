// SPDX-License-Identifier: Apache-2.0
//
// The lines of POP3 (RFC 1939, 2449, 2595, 5034).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace quaywatch::analyze::pop3 {

enum class Word : uint8_t {
  kOk,
  kErr,
  kUser,
  kPass,
  kApop,
  kAuth,
  kStat,
  kList,
  kRetr,
  kDele,
  kRset,
  kNoop,
  kLast,
  kQuit,
  kTop,
  kCapa,
  kUidl,
  kStls,
  kXsender,
};

// A line taken apart; views into it.
struct Line {
  std::string_view first;    // as it came; empty if the line is
  std::optional<Word> word;  // what `first` means, in any case and with "+" or "-" before it; nothing if unknown
  std::string_view rest;     // without blanks at either end
};

Line ParseLine(std::string_view line);

// Do the lines of a client's beginning hold a command that is POP3's own?
bool HasCommand(std::string_view lines);

}  // namespace quaywatch::analyze::pop3
