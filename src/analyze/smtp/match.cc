// SPDX-License-Identifier: Apache-2.0
#include "analyze/smtp/match.h"

#include <algorithm>
#include <array>
#include <string>

#include "analyze/smtp/parse.h"

namespace quaywatch::analyze::smtp {
namespace {

// Command words are events' words: in capitals.
std::string_view InCapitals(std::string_view word, std::array<char, 16>& buffer) {
  const size_t length = std::min(word.size(), buffer.size());
  for (size_t i = 0; i < length; ++i) {
    buffer[i] = word[i] >= 'a' && word[i] <= 'z' ? static_cast<char>(word[i] - 0x20) : word[i];
  }
  return {buffer.data(), length};
}

}  // namespace

void Dialogue::ClientLine(std::string_view line, bool ended) {
  switch (state_) {
    case State::kAfterGap:
      return;  // a command or a mail's line: nobody knows
    case State::kInData:
      if (line == ".") {
        Expect(Command::kEndOfData);
        EndMail();
        return listener_.OnRequest(".", {});
      }
      if (line.starts_with('.')) line.remove_prefix(1);
      return listener_.OnDataLine(line, ended);
    case State::kInAuth:
      Expect(Command::kAuthAnswer);
      return listener_.OnRequest("***", line);
    default:
      break;
  }
  const std::string_view word = TakeWord(line);
  const Command command = ParseCommand(word);
  if (command != Command::kUnknown) Request(command, word, line);
}

void Dialogue::Request(Command command, std::string_view word, std::string_view argument) {
  Expect(command);
  std::array<char, 16> buffer;
  listener_.OnRequest(InCapitals(word, buffer), argument);
  if (command == Command::kBdat) {
    if (BeginBdat(argument)) Begin(command);
    return;
  }
  if (state_ == State::kInBdat) {
    listener_.OnBdatRefused("smtp_missing_bdat_last_chunk", {});
    EndMail();
  }
  Begin(command);
}

void Dialogue::Begin(Command command) {
  switch (command) {
    case Command::kData:
      state_ = State::kInData;
      listener_.OnBeginData();
      break;
    case Command::kMail:
    case Command::kSend:
    case Command::kSoml:
    case Command::kSaml:
    case Command::kEhlo:
    case Command::kHelo:
    case Command::kRcpt:
    case Command::kRset:
    case Command::kQuit:
      state_ = State::kReady;
      break;
    default:
      break;
  }
}

bool Dialogue::BeginBdat(std::string_view argument) {
  // Zeek counts a chunk's bytes with a sign.
  constexpr uint64_t kMaxChunk = INT64_MAX;
  const BdatArgument chunk = ParseBdat(argument);
  if (!chunk.error.empty()) {
    listener_.OnBdatRefused("smtp_invalid_bdat_command", chunk.error);
    return false;
  }
  if (chunk.size > kMaxChunk) {
    listener_.OnBdatRefused("smtp_huge_bdat_chunk", std::to_string(chunk.size));
    return false;
  }
  if (state_ != State::kInBdat) {
    state_ = State::kInBdat;
    listener_.OnBeginData();
  }
  last_chunk_ = chunk.last;
  listener_.OnBdat(chunk);
  if (chunk.size == 0) EndChunk();
  return true;
}

void Dialogue::EndChunk() {
  if (last_chunk_ && state_ == State::kInBdat) EndMail();
}

void Dialogue::EndMail() {
  state_ = State::kReady;
  listener_.OnEndData();
}

bool Dialogue::ServerLine(std::string_view line) {
  const auto reply = ParseReply(line);
  if (!reply) return false;
  if (continued_code_ != 0 && continued_code_ != reply->code) continued_code_ = 0;
  if (continued_code_ == 0) Answered(reply->code);
  continued_code_ = reply->continues ? reply->code : 0;
  listener_.OnReply(last_answered_, *reply);
  return true;
}

void Dialogue::Expect(Command command) {
  if (expected_ == Command::kUnknown) {
    expected_ = command;
  } else if (pending_.size() < kMaxPendingCommands) {
    pending_.push_back(command);
  }
}

void Dialogue::Answered(uint16_t code) {
  if (state_ == State::kAfterGap) {
    state_ = State::kGapRecovery;
    listener_.OnRequest("(UNKNOWN)", {});
  }
  const Command command = expected_;
  last_answered_ = command;
  expected_ = Command::kUnknown;
  if (!pending_.empty()) {
    expected_ = pending_.front();
    pending_.pop_front();
  }
  Conclude(command, code);
}

void Dialogue::Conclude(Command command, uint16_t code) {
  switch (command) {
    case Command::kData:
      if (code == 354) return;
      if (state_ == State::kInData) EndMail();
      state_ = State::kReady;
      return;
    case Command::kBdat:
      if (code != 250 && state_ == State::kInBdat) EndMail();
      return;
    case Command::kEndOfData:
      state_ = State::kReady;
      return;
    case Command::kAuth:
    case Command::kAuthAnswer:
      state_ = code == 334 ? State::kInAuth : State::kReady;
      return;
    case Command::kStartTls:
      if (code == 220) listener_.OnStartTls();
      return;
    case Command::kTurn:
      if (code != 250) return;
      state_ = State::kReady;
      return listener_.OnTurn();
    case Command::kUnknown:
    case Command::kVrfy:
    case Command::kExpn:
    case Command::kHelp:
    case Command::kNoop:
      if (state_ == State::kGapRecovery && code == 354) {
        state_ = State::kInData;
        listener_.OnBeginData();
      }
      return;
    default:
      return;
  }
}

void Dialogue::Lose() {
  if (in_mail()) EndMail();
  pending_.clear();
  expected_ = last_answered_ = Command::kUnknown;
  state_ = State::kAfterGap;
}

}  // namespace quaywatch::analyze::smtp
