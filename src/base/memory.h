// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace quaywatch::base {

// Memory of this process that is in RAM, in bytes (proc(5), statm). One system call.
uint64_t ResidentBytes();

// Gives freed memory back to the system, so that ResidentBytes() tells what is in use. Takes milliseconds.
void ReturnFreedMemory();

}  // namespace quaywatch::base
