// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a capture file, with and without a filter.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

#include "capture/file.h"

using namespace quaywatch;

namespace {

// A frame may ask for a window of 2 GiB, and the fuzzer takes that for a leak.
constexpr int kMaxWindowLog = 24;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  for (const char* filter : {"", "tcp port 80 or vlan"}) {
    const int fd = memfd_create("capture", MFD_CLOEXEC);
    if (write(fd, data, size) != static_cast<ssize_t>(size)) abort();
    lseek(fd, 0, SEEK_SET);
    auto source = capture::OpenDescriptor(fd, "fuzz", filter, kMaxWindowLog);
    if (!source) continue;
    model::RawPacket packet;
    volatile uint8_t sum = 0;  // so that every byte handed out is read
    while ((*source)->Read(packet) == capture::Next::kPacket) {
      for (const uint8_t byte : packet.data) sum = sum ^ byte;
      if (packet.wire_length != 0 && packet.wire_length < packet.data.size()) abort();
    }
  }
  return 0;
}
