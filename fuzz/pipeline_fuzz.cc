// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a capture file, through all stages.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

#include "capture/file.h"
#include "pipeline/worker.h"

using namespace quaywatch;

namespace {

// A frame of Zstandard may ask for a window of 2 GiB.
constexpr int kMaxWindowLog = 20;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const int fd = memfd_create("capture", MFD_CLOEXEC);
  if (write(fd, data, size) != static_cast<ssize_t>(size)) std::abort();
  lseek(fd, 0, SEEK_SET);
  const auto source = capture::OpenDescriptor(fd, "fuzz", "", kMaxWindowLog);
  if (!source) return 0;
  pipeline::Options options;
  options.decode.verify_checksums = false;
  options.flow.max_flows = 1000;
  pipeline::Worker worker(options);
  model::RawPacket packet;
  pipeline::Clock clock;
  while ((*source)->Read(packet) == capture::Next::kPacket) {
    clock.Advance(packet.ts);
    worker.Packet(packet, clock);
  }
  worker.Finish();
  worker.TakeOutput();
  return 0;
}
