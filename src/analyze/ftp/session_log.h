// SPDX-License-Identifier: Apache-2.0
//
// What a control connection's commands and replies mean, and the records they make.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "analyze/context.h"
#include "analyze/ftp/match.h"
#include "analyze/ftp/record.h"
#include "analyze/ftp/types.h"

namespace quaywatch::analyze::ftp {

// Longest texts logged; Zeek's max_user_length and so on.
inline constexpr size_t kMaxUser = 128;
inline constexpr size_t kMaxPassword = 128;
inline constexpr size_t kMaxArgument = 4096;
inline constexpr size_t kMaxReply = 4096;

class SessionLog {
 public:
  explicit SessionLog(Context& context);

  // `word` in capitals.
  void OnCommand(const std::string& word, std::string_view argument);
  void OnReply(const Reply& reply);
  // The connection is over: what is not written yet is.
  void Finish();

 private:
  // Puts together what is known of a command. It is written if its kind is.
  void Conclude(const PendingCommand& command);
  void LearnUser(std::string_view name);
  void LearnPassword(std::string_view password);
  void Await(const Endpoint& endpoint, bool passive);
  void FollowDirectory(PendingCommand& command, uint32_t code, std::string_view text);
  bool MustHidePassword() const;
  std::string Url(std::string_view file) const;

  Context& context_;
  FtpRecord record_;
  PendingCommands pending_;
  PendingCommand answered_;  // the command of the latest reply
  bool has_answer_ = false;
  std::string directory_ = ".";  // unknown, but where the client is
  std::shared_ptr<CarriedFile> file_ = std::make_shared<CarriedFile>();
};

}  // namespace quaywatch::analyze::ftp
