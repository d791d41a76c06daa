// SPDX-License-Identifier: Apache-2.0
#include "analyze/pop3/match.h"

#include "analyze/mime/base64.h"

namespace quaywatch::analyze::pop3 {

bool Dialogue::Request(std::string_view line) {
  if (line.empty()) return true;
  if (authenticating_) {
    Authenticate(line);
    return true;
  }
  pending_.emplace_back(line.substr(0, kMaxCommand));
  bool ok = true;
  // Without answers there is no end to what is pending; the oldest goes.
  if (pending_.size() > kMaxPending) {
    context_.Weird("pop3_client_too_many_pending_commands");
    ok = Next();
    pending_.pop_front();
  }
  return pending_.size() == 1 ? Next() && ok : ok;
}

void Dialogue::Authenticate(std::string_view line) {
  const auto decoded = mime::DecodeBase64(context_, line);
  if (!decoded) return context_.Weird("pop3_bad_base64_encoding");
  if (asked_ != Asked::kAuthPlain) return;
  // Two NULs part who one acts for, who one is and the password.
  const size_t first = decoded->find('\0');
  const size_t second = first == decoded->npos ? first : decoded->find('\0', first + 1);
  if (second == decoded->npos || second + 1 >= decoded->size()) context_.Weird("pop3_malformed_auth_plain");
}

// Looks at the first pending command. False if there were too many unknown ones.
bool Dialogue::Next() {
  if (pending_.empty()) return true;
  const Line command = ParseLine(pending_.front());
  if (command.word) {
    Begin(command);
    return true;
  }
  if (authenticating_) return true;
  context_.Weird("pop3_client_command_unknown", command.first.empty() ? "???" : command.first);
  return ++unknown_ <= kMaxUnknown;
}

void Dialogue::InTransaction(Asked asked) {
  if (phase_ == Phase::kTransaction) {
    asked_ = asked;
  } else {
    guessing_ = true;
    guess_ = asked;
  }
}

void Dialogue::Begin(const Line& command) {
  const bool authorization = phase_ == Phase::kAuthorization;
  switch (*command.word) {
    case Word::kOk:
    case Word::kErr:
      return context_.Weird("pop3_client_sending_server_commands");
    case Word::kUser:
      if (authorization) asked_ = Asked::kUser;
      return;
    case Word::kPass:
      if (authorization && asked_ == Asked::kUser) asked_ = Asked::kPass;
      return;
    case Word::kApop:
      if (authorization) asked_ = Asked::kApop;
      return;
    case Word::kAuth:
      if (authorization) BeginAuth(command.rest);
      return;
    case Word::kStat:
      if (phase_ == Phase::kTransaction) asked_ = Asked::kSimple;
      return;
    case Word::kList:
    case Word::kUidl:
      if (command.rest.empty()) expect_lines_ = true;
      return InTransaction(Asked::kList);
    case Word::kRetr:
    case Word::kTop:
      expect_lines_ = true;
      return InTransaction(Asked::kMail);
    case Word::kDele:
    case Word::kRset:
    case Word::kNoop:
    case Word::kLast:
    case Word::kXsender:
      return InTransaction(Asked::kSimple);
    case Word::kQuit:
      if (phase_ == Phase::kFinished) return InTransaction(Asked::kSimple);
      asked_ = Asked::kQuit;
      return;
    case Word::kCapa:
      expect_lines_ = true;
      asked_ = Asked::kCapabilities;
      return;
    case Word::kStls:
      asked_ = Asked::kTls;
      return;
  }
}

void Dialogue::BeginAuth(std::string_view method) {
  const auto names = [&](std::string_view name) { return method.find(name) != method.npos; };
  asked_ = names("LOGIN")      ? Asked::kAuthLogin
           : names("PLAIN")    ? Asked::kAuthPlain
           : names("CRAM-MD5") ? Asked::kAuthCram
                               : Asked::kAuth;
  // Without a method it asks which there are.
  expect_lines_ = expect_lines_ || method.empty();
  authenticating_ = !method.empty();
}

bool Dialogue::FinishCommand() {
  if (pending_.empty()) return true;
  pending_.pop_front();
  return Next();
}

Meaning Dialogue::Reply(std::string_view line) {
  if (in_lines_) {
    const bool mail = asked_ == Asked::kMail;
    if (line != ".") return mail ? Meaning::kMail : Meaning::kNothing;
    expect_lines_ = in_lines_ = false;
    if (!FinishCommand()) return Meaning::kViolation;
    return mail ? Meaning::kMailEnds : Meaning::kNothing;
  }
  const Line reply = ParseLine(line);
  if (!reply.word) {
    // The challenges of an authentication.
    if (authenticating_) return Meaning::kNothing;
    context_.Weird("pop3_server_command_unknown", reply.first.empty() ? "???" : reply.first);
    return Meaning::kViolation;
  }
  if (*reply.word == Word::kOk) {
    const Meaning meaning = Accepted();
    if (meaning == Meaning::kStartTls || in_lines_) return meaning;
    return FinishCommand() ? meaning : Meaning::kViolation;
  }
  if (*reply.word == Word::kErr) {
    Refused();
    return FinishCommand() ? Meaning::kNothing : Meaning::kViolation;
  }
  context_.Weird("pop3_server_sending_client_commands");
  return Meaning::kNothing;
}

Meaning Dialogue::Accepted() {
  if (guessing_) {
    phase_ = Phase::kTransaction;
    guessing_ = false;
    asked_ = guess_;
  }
  switch (asked_) {
    case Asked::kGreeting:
      phase_ = Phase::kAuthorization;
      return Meaning::kNothing;
    case Asked::kUser:
      phase_ = Phase::kAuthorization;
      return Meaning::kIsPop3;
    case Asked::kPass:
    case Asked::kApop:
    case Asked::kSimple:
      phase_ = Phase::kTransaction;
      return Meaning::kNothing;
    case Asked::kAuth:
    case Asked::kAuthLogin:
    case Asked::kAuthPlain:
    case Asked::kAuthCram:
      in_lines_ = expect_lines_;
      if (authenticating_) phase_ = Phase::kTransaction;
      authenticating_ = false;
      return Meaning::kNothing;
    case Asked::kMail:
      in_lines_ = expect_lines_;
      return Meaning::kMail;
    case Asked::kCapabilities:
      in_lines_ = expect_lines_;
      return Meaning::kIsPop3;
    case Asked::kList:
      in_lines_ = expect_lines_;
      return Meaning::kNothing;
    case Asked::kTls:
      return Meaning::kStartTls;
    case Asked::kQuit:
      phase_ = Phase::kFinished;
      return Meaning::kNothing;
  }
  return Meaning::kNothing;
}

void Dialogue::Refused() {
  expect_lines_ = guessing_ = authenticating_ = false;
  switch (asked_) {
    case Asked::kUser:
    case Asked::kPass:
    case Asked::kApop:
    case Asked::kAuth:
    case Asked::kAuthLogin:
    case Asked::kAuthPlain:
    case Asked::kAuthCram:
      phase_ = Phase::kAuthorization;
      asked_ = Asked::kGreeting;
      return;
    case Asked::kSimple:
    case Asked::kList:
    case Asked::kMail:
      phase_ = Phase::kTransaction;
      return;
    case Asked::kQuit:
      phase_ = Phase::kFinished;
      return;
    case Asked::kGreeting:
    case Asked::kCapabilities:
    case Asked::kTls:
      return;
  }
}

}  // namespace quaywatch::analyze::pop3
