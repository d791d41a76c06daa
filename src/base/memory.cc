// SPDX-License-Identifier: Apache-2.0
#include "base/memory.h"

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <charconv>
#include <cstring>

namespace quaywatch::base {

uint64_t ResidentBytes() {
  static const int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  static const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  char text[128];
  const ssize_t size = file < 0 ? -1 : pread(file, text, sizeof text, 0);
  if (size <= 0) return 0;
  // The second number: resident pages.
  const char* const end = text + size;
  const void* const space = std::memchr(text, ' ', static_cast<size_t>(size));
  uint64_t pages = 0;
  if (space != nullptr) std::from_chars(static_cast<const char*>(space) + 1, end, pages);
  return pages * page;
}

void ReturnFreedMemory() { malloc_trim(0); }

}  // namespace quaywatch::base
