// SPDX-License-Identifier: Apache-2.0
#include "analyze/ftp/session_log.h"

#include <algorithm>
#include <array>

#include "analyze/ftp/parse.h"
#include "analyze/ftp/path.h"

namespace quaywatch::analyze::ftp {
namespace {

constexpr auto kLogged =
    std::to_array<std::string_view>({"APPE", "DELE", "RETR", "STOR", "STOU", "ACCT", "PORT", "PASV", "EPRT", "EPSV"});
// Commands whose argument is a file or a directory.
constexpr auto kOfFiles = std::to_array<std::string_view>(
    {"APPE", "CWD", "DELE", "MKD", "RETR", "RMD", "RNFR", "RNTO", "STOR", "STOU", "REST", "SIZE", "MDTM"});
// Users whose passwords are no secret.
constexpr auto kGuests = std::to_array<std::string_view>({"anonymous", "ftp", "ftpuser", "guest"});
constexpr std::string_view kHidden = "<hidden>";

// Of a command's argument and of a reply so much is kept.
constexpr size_t kMaxKept = 4 * kMaxArgument;

bool IsOneOf(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 0x20) : c;
  return lower;
}

// A line inside a reply that looks like one of its own: servers mix up replies of several lines.
bool LooksLikeReply(std::string_view line) {
  constexpr size_t kWords = 10;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (line.size() < 4 + kWords || line[0] == '0' || !std::all_of(line.begin(), line.begin() + 3, is_digit))
    return false;
  return line[3] == ' ' &&
         std::all_of(line.begin() + 4, line.begin() + 4 + kWords, [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

SessionLog::SessionLog(Context& context) : context_(context), pending_(context.now()) {
  const model::FlowInfo& flow = context.flow();
  record_.uid = flow.uid;
  record_.id = flow.id;
}

void SessionLog::OnCommand(const std::string& word, std::string_view argument) {
  if (has_answer_ && pending_.Remove(answered_.number)) Conclude(answered_);
  if (pending_.full()) {
    context_.Weird("FTP_too_many_pending_commands", std::to_string(pending_.size()));
  } else {
    pending_.Add(context_.now(), word, std::string(argument.substr(0, kMaxKept)));
  }
  if (word == "USER") {
    LearnUser(argument);
  } else if (word == "PASS") {
    LearnPassword(argument);
  } else if (word == "PORT" || word == "EPRT") {
    const auto endpoint = word == "PORT" ? ParsePort(argument) : ParseEprt(argument);
    if (endpoint) Await(*endpoint, /*passive=*/false);
  }
}

void SessionLog::LearnUser(std::string_view name) {
  if (name.size() > kMaxUser) context_.Weird("FTP_user_too_long", std::to_string(name.size()));
  record_.user = name.substr(0, kMaxUser);
}

void SessionLog::LearnPassword(std::string_view password) {
  if (password.size() > kMaxPassword) context_.Weird("FTP_password_too_long", std::to_string(password.size()));
  record_.password.emplace(password.substr(0, kMaxPassword));
}

void SessionLog::Await(const Endpoint& endpoint, bool passive) {
  const model::FlowId& id = record_.id;
  const model::IpAddress orig_h = passive ? id.orig_h : id.resp_h;
  const model::IpAddress resp_h = endpoint.address ? *endpoint.address : passive ? id.resp_h : model::IpAddress();
  record_.data_channel = {passive, orig_h, resp_h, model::Port{endpoint.port}};
  context_.ExpectFlow(orig_h, resp_h, endpoint.port, "ftp-data", file_);
}

void SessionLog::OnReply(const Reply& reply) {
  if (reply.continues && reply.code == 0 && has_answer_ && !LooksLikeReply(reply.text)) return;
  PendingCommand& command = pending_.Find(reply.code, reply.text);
  has_answer_ = true;
  record_.reply_code = reply.code;
  record_.reply_msg.emplace(reply.text.substr(0, kMaxKept));
  answered_ = command;
  if (reply.continues) return;

  if ((reply.code == 150 && command.word == "RETR") || (reply.code == 213 && command.word == "SIZE")) {
    record_.file_size = LastNumber(reply.text);
  } else if ((reply.code == 227 || reply.code == 229) && (command.word == "PASV" || command.word == "EPSV")) {
    const auto endpoint = reply.code == 227 ? ParsePasv(reply.text) : ParseEpsv(reply.text);
    if (endpoint) Await(*endpoint, /*passive=*/true);
  }
  FollowDirectory(command, reply.code, reply.text);
  answered_ = command;
  // No later command will conclude this one: the next ones were sent already.
  if (pending_.size() > 1) {
    pending_.Remove(answered_.number);
    Conclude(answered_);
  }
}

void SessionLog::FollowDirectory(PendingCommand& command, uint32_t code, std::string_view text) {
  if (command.moved) return;
  if (command.word == "CWD" && code == 250) {
    directory_ = JoinPath(directory_, command.argument);
  } else if (command.word == "CDUP" && (code == 200 || code == 250)) {
    directory_ = JoinPath(directory_, "/..");
  } else if ((command.word == "PWD" || command.word == "XPWD") && code == 257) {
    directory_ = FindPath(text);
    if (directory_.size() > kMaxPath) directory_.resize(kMaxPath);
  } else {
    return;
  }
  command.moved = true;
}

bool SessionLog::MustHidePassword() const { return !IsOneOf(Lower(record_.user), kGuests); }

std::string SessionLog::Url(std::string_view file) const {
  const model::IpAddress& server = record_.id.resp_h;
  const std::string address = server.is_v4() ? server.ToString() : '[' + server.ToString() + ']';
  const std::string path = JoinPath(directory_, file);
  return "ftp://" + address + (path.starts_with('/') ? "" : "/") + path;
}

void SessionLog::Conclude(const PendingCommand& command) {
  record_.ts = command.ts;
  record_.command = command.word;
  std::string argument = IsOneOf(command.word, kOfFiles) ? Url(command.argument) : command.argument;
  if (argument.size() > kMaxArgument) {
    context_.Weird("FTP_arg_too_long", std::to_string(argument.size()));
    argument.resize(kMaxArgument);
  }
  if (record_.reply_msg && record_.reply_msg->size() > kMaxReply) {
    context_.Weird("FTP_reply_msg_too_long", std::to_string(record_.reply_msg->size()));
    record_.reply_msg->resize(kMaxReply);
  }
  if (command.word == "PASS" && MustHidePassword()) argument = kHidden;
  record_.arg.reset();
  if (!argument.empty()) record_.arg = std::move(argument);
  if (record_.password && MustHidePassword()) record_.password = kHidden;
  record_.fuid = file_->fuid;
  if (!file_->mime_type.empty()) record_.mime_type = file_->mime_type;
  if (IsOneOf(command.word, kLogged)) model::Write(context_.records(), record_);
  record_.mime_type.reset();
  record_.file_size.reset();
  record_.data_channel = {};
  record_.fuid.reset();
  *file_ = {};
}

void SessionLog::Finish() {
  for (const auto& [number, command] : pending_) Conclude(command);
}

}  // namespace quaywatch::analyze::ftp
