// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace quaywatch::app {

// Gives up all capabilities(7) that a sensor with its sockets open no longer needs, for the whole process and
// for good: afterwards a flaw in a parser can't be used to capture elsewhere, change routes or load programs.
// Kept is only CAP_DAC_OVERRIDE, where it was there: log files may lie in a folder of another user.
// REQUIRES: no other thread runs yet (capabilities are a thread's own).
void DropPrivileges();

}  // namespace quaywatch::app
