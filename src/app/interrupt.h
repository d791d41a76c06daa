// SPDX-License-Identifier: Apache-2.0
//
// Ctrl-C and SIGTERM ask for an end with complete logs; the second time they kill.
#pragma once

#include <atomic>

namespace quaywatch::app {

void CatchInterrupts();
// Set once somebody has asked.
const std::atomic<bool>& Interrupted();

}  // namespace quaywatch::app
