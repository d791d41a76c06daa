// SPDX-License-Identifier: Apache-2.0
#include "analyze/pop3/mail.h"

namespace quaywatch::analyze::pop3 {

void Mail::OnData(mime::Entity&, std::string_view data) {
  if (file_ == nullptr) file_ = context().OpenFile({.source = "POP3", .from = model::Direction::kResp});
  file_->Data(base::AsBytes(data));
}

void Mail::OnEnd(mime::Entity&) {
  if (file_ == nullptr) return;
  file_->End();
  file_.reset();
}

}  // namespace quaywatch::analyze::pop3
