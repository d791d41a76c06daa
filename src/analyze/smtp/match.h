// SPDX-License-Identifier: Apache-2.0
//
// Which command is a reply for, and is the client sending commands or a mail? Follows both sides leniently:
// a command counts as successful until its reply says otherwise, as clients pipeline more than they may.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string_view>

#include "analyze/smtp/types.h"

namespace quaywatch::analyze::smtp {

// Commands whose replies are waited for; further ones go unmatched.
inline constexpr size_t kMaxPendingCommands = 1024;

class Dialogue {
 public:
  // What follows from the lines. Views are valid during the call.
  class Listener {
   public:
    virtual ~Listener() = default;
    // A command in capitals, "." for the end of a mail, "***" for an answer within AUTH, "(UNKNOWN)" for
    // what was lost in a gap.
    virtual void OnRequest(std::string_view command, std::string_view argument) = 0;
    // A line of the reply to `command`; of a reply of several lines `continues` is false for the last.
    virtual void OnReply(Command command, const Reply& reply) = 0;
    virtual void OnBeginData() = 0;
    virtual void OnDataLine(std::string_view line, bool ended) = 0;
    virtual void OnEndData() = 0;
    // The next `size` bytes of the client are a chunk of the mail, not lines.
    virtual void OnBdat(const BdatArgument& chunk) = 0;
    virtual void OnBdatRefused(std::string_view weird, std::string_view detail) = 0;
    virtual void OnStartTls() = 0;
    // From now on the other side is the client (TURN).
    virtual void OnTurn() = 0;
  };

  explicit Dialogue(Listener& listener) : listener_(listener) {}

  // A line of the client. `ended` is false if more of the same line follows.
  void ClientLine(std::string_view line, bool ended);
  // A line of the server; false if it is no reply.
  bool ServerLine(std::string_view line);
  // Bytes of either side were lost.
  void Lose();
  // The chunk announced by BDAT is complete.
  void EndChunk();

  bool in_mail() const { return state_ == State::kInData || state_ == State::kInBdat; }

 private:
  enum class State : uint8_t {
    kReady,  // for commands
    kInData,
    kInBdat,
    kInAuth,
    kAfterGap,
    kGapRecovery,
  };

  void Expect(Command command);
  void Answered(uint16_t code);
  void Request(Command command, std::string_view word, std::string_view argument);
  // What a command does before its reply; what its reply's code makes of it.
  void Begin(Command command);
  void Conclude(Command command, uint16_t code);
  bool BeginBdat(std::string_view argument);
  void EndMail();

  Listener& listener_;
  State state_ = State::kReady;
  // The command the next reply is for; kUnknown if nothing was asked.
  Command expected_ = Command::kConnection;
  Command last_answered_ = Command::kUnknown;
  std::deque<Command> pending_;  // behind expected_, at most kMaxPendingCommands
  uint16_t continued_code_ = 0;  // of a reply that has more lines
  bool last_chunk_ = false;
};

}  // namespace quaywatch::analyze::smtp
