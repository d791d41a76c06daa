// SPDX-License-Identifier: Apache-2.0
//
// Which command is a reply for? Clients send several before the first is answered, and servers answer more
// than once; the command whose known replies and words fit best is taken, as Zeek does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/time.h"

namespace quaywatch::analyze::ftp {

// Zeek's max_pending_commands.
inline constexpr size_t kMaxPendingCommands = 20;

struct PendingCommand {
  base::Timestamp ts;
  uint64_t number = 0;  // in its connection, from 1
  std::string word;     // in capitals
  std::string argument;
  bool moved = false;  // its reply has changed the directory
};

class PendingCommands {
 public:
  // Begins with the server's greeting, which answers "<init>".
  explicit PendingCommands(base::Timestamp now) { Add(now, "<init>", {}); }

  bool full() const { return commands_.size() >= kMaxPendingCommands; }
  size_t size() const { return commands_.size(); }
  void Add(base::Timestamp now, std::string word, std::string argument);
  // The command that a reply is for. REQUIRES: size() > 0; who removes the last one adds another at once.
  PendingCommand& Find(uint32_t code, std::string_view text);
  // True if it was there.
  bool Remove(uint64_t number) { return commands_.erase(number) > 0; }

  auto begin() const { return commands_.begin(); }
  auto end() const { return commands_.end(); }

 private:
  std::map<uint64_t, PendingCommand> commands_;  // by number
  uint64_t last_number_ = 0;
};

}  // namespace quaywatch::analyze::ftp
