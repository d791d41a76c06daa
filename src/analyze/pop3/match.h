// SPDX-License-Identifier: Apache-2.0
//
// Which answer belongs to which command: the state both sides of a POP3 connection are in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "analyze/context.h"
#include "analyze/pop3/parse.h"

namespace quaywatch::analyze::pop3 {

// Commands whose answers are due; Zeek's max_pending_commands.
inline constexpr size_t kMaxPending = 10;
// Unknown commands after which this is no POP3; Zeek's max_unknown_client_commands.
inline constexpr size_t kMaxUnknown = 10;
// A command is remembered up to this length; they are far shorter.
inline constexpr size_t kMaxCommand = 1024;

// What the answer at hand means to the rest of the analyzer.
enum class Meaning : uint8_t {
  kNothing,
  kIsPop3,    // an answer only POP3 gives
  kStartTls,  // TLS begins after it
  kMail,      // the line belongs to a mail
  kMailEnds,
  kViolation,  // not POP3's
};

class Dialogue {
 public:
  // `context` hears of odd lines; it must outlive this.
  explicit Dialogue(Context& context) : context_(context) {}

  // A line of the client. False if it is clear that this is no POP3.
  bool Request(std::string_view line);
  // A line of the server.
  Meaning Reply(std::string_view line);

 private:
  // What was asked for last.
  enum class Asked : uint8_t {
    kGreeting,
    kUser,
    kPass,
    kApop,
    kAuth,
    kAuthLogin,
    kAuthPlain,
    kAuthCram,
    kSimple,  // one line in answer
    kList,
    kMail,
    kCapabilities,
    kTls,
    kQuit,
  };
  enum class Phase : uint8_t { kStart, kAuthorization, kTransaction, kFinished };

  void Authenticate(std::string_view line);
  bool Next();
  void Begin(const Line& command);
  void BeginAuth(std::string_view method);
  // A command of the transaction state; before, it makes the server show whether it needs a login at all.
  void InTransaction(Asked asked);
  bool FinishCommand();
  Meaning Accepted();
  void Refused();

  Context& context_;
  std::deque<std::string> pending_;  // the first is being answered
  size_t unknown_ = 0;
  Phase phase_ = Phase::kStart;
  Asked asked_ = Asked::kGreeting;
  Asked guess_ = Asked::kGreeting;  // what was asked for, if the server accepts it without login
  bool guessing_ = false;
  bool authenticating_ = false;  // the client's lines are base64
  bool expect_lines_ = false;    // the answer has several lines if it is positive
  bool in_lines_ = false;
};

}  // namespace quaywatch::analyze::pop3
