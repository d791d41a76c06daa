// SPDX-License-Identifier: Apache-2.0
//
// Lines of FTP's control connection (RFC 959, 4 and 5.3; RFC 2428 EPRT and EPSV).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "analyze/ftp/types.h"

namespace quaywatch::analyze::ftp {

// Nothing unless the line begins with a word of at least 3 printable characters.
std::optional<Command> ParseCommand(std::string_view line);

// Puts the lines of replies together. One per connection.
class ReplyParser {
 public:
  // The next line of the server; nothing if it is no reply.
  std::optional<Reply> Parse(std::string_view line);

 private:
  uint32_t pending_code_ = 0;  // of a reply of several lines
};

// Telnet's commands (RFC 854) taken out of a line.
std::string WithoutTelnet(std::string_view line);

// PORT's argument: "h1,h2,h3,h4,p1,p2".
std::optional<Endpoint> ParsePort(std::string_view argument);
// The same somewhere in the reply to PASV.
std::optional<Endpoint> ParsePasv(std::string_view reply);
// EPRT's argument: "|2|address|port|".
std::optional<Endpoint> ParseEprt(std::string_view argument);
// The same in brackets in the reply to EPSV, usually without address.
std::optional<Endpoint> ParseEpsv(std::string_view reply);

// The last number in a reply, the size of the file as servers tell it; 0 if there is none.
uint64_t LastNumber(std::string_view text);

}  // namespace quaywatch::analyze::ftp
