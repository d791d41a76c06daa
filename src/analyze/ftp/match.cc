// SPDX-License-Identifier: Apache-2.0
#include "analyze/ftp/match.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace quaywatch::analyze::ftp {
namespace {

struct KnownReplies {
  std::string_view word;
  std::array<uint16_t, 20> codes;  // ends with 0 unless full
};

// Replies that commands may have, by RFC 959, 5.4, RFC 2389, RFC 2428, RFC 3659 and practice.
constexpr KnownReplies kKnownReplies[] = {
    {"<init>", {120, 220, 421}},
    {"USER", {230, 331, 332, 421, 530, 500, 501}},
    {"PASS", {230, 202, 332, 421, 530, 500, 501, 503}},
    {"ACCT", {230, 202, 421, 530, 500, 501, 503}},
    {"CWD", {250, 421, 500, 501, 502, 530, 550}},
    {"CDUP", {200, 250, 421, 500, 501, 502, 530, 550}},
    {"SMNT", {202, 250, 421, 500, 501, 502, 530, 550}},
    {"REIN", {120, 220, 421, 500, 502}},
    {"QUIT", {221, 500}},
    {"PORT", {200, 421, 500, 501, 530}},
    {"PASV", {227, 421, 500, 501, 502, 530}},
    {"MODE", {200, 421, 500, 501, 502, 504, 530}},
    {"TYPE", {200, 421, 500, 501, 504, 530}},
    {"STRU", {200, 421, 500, 501, 504, 530}},
    {"ALLO", {200, 202, 421, 500, 501, 504, 530}},
    {"REST", {200, 350, 421, 500, 501, 502, 530}},
    {"STOR", {110, 125, 150, 226, 250, 421, 425, 426, 451, 551, 552, 532, 450, 452, 553, 500, 501, 530, 550}},
    {"STOU", {110, 125, 150, 226, 250, 421, 425, 426, 451, 551, 552, 532, 450, 452, 553, 500, 501, 530, 550}},
    {"RETR", {110, 125, 150, 226, 250, 421, 425, 426, 451, 450, 500, 501, 530, 550}},
    {"LIST", {125, 150, 226, 250, 421, 425, 426, 451, 450, 500, 501, 502, 530, 550}},
    {"NLST", {125, 150, 226, 250, 421, 425, 426, 451, 450, 500, 501, 502, 530, 550}},
    {"APPE", {125, 150, 226, 250, 421, 425, 426, 451, 551, 552, 532, 450, 550, 452, 553, 500, 501, 502, 530}},
    {"RNFR", {350, 421, 450, 550, 500, 501, 502, 530}},
    {"RNTO", {250, 421, 532, 553, 500, 501, 502, 503, 530}},
    {"DELE", {250, 421, 450, 550, 500, 501, 502, 530}},
    {"RMD", {250, 421, 500, 501, 502, 530, 550}},
    {"MKD", {257, 421, 500, 501, 502, 530, 550}},
    {"PWD", {257, 421, 500, 501, 502, 550}},
    {"ABOR", {225, 226, 421, 500, 501, 502}},
    {"SYST", {215, 421, 500, 501, 502, 530}},
    {"STAT", {211, 212, 213, 421, 450, 500, 501, 502, 530}},
    {"HELP", {200, 211, 214, 421, 500, 501, 502}},
    {"SITE", {200, 202, 214, 500, 501, 502, 530}},
    {"NOOP", {200, 421, 500}},
    {"LPRT", {500, 501, 521}},
    {"FEAT", {211, 500, 502}},
    {"OPTS", {200, 451, 501}},
    {"EPSV", {229, 500, 501}},
    {"EPRT", {200, 500, 501, 522}},
    {"SIZE", {213, 500, 501, 550}},
    {"MDTM", {213, 500, 501, 550}},
    {"MLST", {150, 226, 250, 500, 501, 550}},
    {"MLSD", {150, 226, 250, 500, 501, 550}},
    {"CLNT", {200, 500}},
    {"MACB", {200, 500, 550}},
};

constexpr uint32_t kSyntaxError = 500;  // may answer any command

bool MayAnswer(uint32_t code, std::string_view word) {
  if (code == kSyntaxError) return true;
  if (code == 0) return word == "<init>" || word == "QUIT";
  const auto known = std::ranges::find(kKnownReplies, word, &KnownReplies::word);
  return known != std::end(kKnownReplies) && std::ranges::find(known->codes, code) != known->codes.end();
}

}  // namespace

void PendingCommands::Add(base::Timestamp now, std::string word, std::string argument) {
  const uint64_t number = ++last_number_;
  commands_.emplace(number, PendingCommand{now, number, std::move(word), std::move(argument)});
}

PendingCommand& PendingCommands::Find(uint32_t code, std::string_view text) {
  PendingCommand* best = nullptr;
  int best_score = -1;
  for (auto& [number, command] : commands_) {
    int score = MayAnswer(code, command.word) ? 100 : 0;
    if (text.find(command.word) != std::string_view::npos) score += 20;
    if (text.find(command.argument) != std::string_view::npos) score += 10;
    if (score > best_score) {
      best_score = score;
      best = &command;
    }
  }
  return *best;
}

}  // namespace quaywatch::analyze::ftp
