// SPDX-License-Identifier: Apache-2.0
#include "analyze/ssh/login.h"

namespace quaywatch::analyze::ssh {

LoginWatch::Verdict LoginWatch::OnSegment(model::Direction from, size_t length) {
  if (decided_) return Verdict::kNone;
  if (from == model::Direction::kOrig) {
    client_seen_ = true;
    return Verdict::kNone;
  }
  // What the server sends before the client has asked for a service is no answer (EXT_INFO).
  if (!client_seen_) return Verdict::kNone;
  if (service_accept_ == 0) {
    service_accept_ = length;
    return Verdict::kNone;
  }
  constexpr size_t kSuccessIsShorter = 16;
  constexpr size_t kBannerIsLonger = 256;
  if (failure_ != 0 && length == failure_) return Verdict::kFailed;
  if (length + kSuccessIsShorter == service_accept_) {
    decided_ = true;
    return Verdict::kSucceeded;
  }
  if (failure_ == 0) {
    if (!banner_skipped_ && length > service_accept_ + kBannerIsLonger) {
      banner_skipped_ = true;
    } else {
      failure_ = length;
    }
  }
  return Verdict::kNone;
}

}  // namespace quaywatch::analyze::ssh
