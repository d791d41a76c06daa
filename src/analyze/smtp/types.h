// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace quaywatch::analyze::smtp {

// What a server may reply to: its clients' commands (RFC 5321, 4.1; RFC 3030 BDAT; RFC 3207 STARTTLS;
// RFC 4954 AUTH), the connection itself, the end of a mail's data, an answer within AUTH.
enum class Command : uint8_t {
  kUnknown,
  kConnection,
  kEhlo,
  kHelo,
  kMail,
  kRcpt,
  kData,
  kEndOfData,
  kQuit,
  kRset,
  kVrfy,
  kExpn,
  kHelp,
  kNoop,
  kTurn,
  kSend,
  kSoml,
  kSaml,
  kStartTls,
  kBdat,
  kEtrn,
  kAuth,
  kAuthAnswer,
};

// A reply's code and text. Views into the line.
struct Reply {
  uint16_t code = 0;
  std::string_view text;
  bool continues = false;  // more lines of the same reply follow
};

// The argument of BDAT: how long the chunk is and whether it is the mail's last.
struct BdatArgument {
  uint64_t size = 0;
  bool last = false;
  std::string_view error;  // Zeek's words; empty if it is a good one
};

}  // namespace quaywatch::analyze::smtp
