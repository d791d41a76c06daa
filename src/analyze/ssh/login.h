// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>

#include "model/flow.h"

namespace quaywatch::analyze::ssh {

// Guesses the outcome of logins from the sizes of encrypted segments, as Zeek does: a SERVICE_ACCEPT has
// a fixed size, a USERAUTH_SUCCESS is 16 bytes shorter, and a USERAUTH_FAILURE is what comes first
// otherwise and may come again. Sizes are of segments, so that this one thing depends on how the stream
// was cut.
class LoginWatch {
 public:
  enum class Verdict { kNone, kFailed, kSucceeded };

  // Encrypted bytes of one segment of SSH 2.
  Verdict OnSegment(model::Direction from, size_t length);
  // The login has succeeded, nothing more will be told.
  bool decided() const { return decided_; }

 private:
  bool decided_ = false;
  bool client_seen_ = false;
  bool banner_skipped_ = false;
  size_t service_accept_ = 0;
  size_t failure_ = 0;
};

}  // namespace quaywatch::analyze::ssh
