// SPDX-License-Identifier: Apache-2.0
//
// Where packets come from.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/packet.h"

namespace quaywatch::capture {

struct Counters {
  uint64_t received = 0;     // packets handed out
  uint64_t bytes = 0;        // of them, as captured
  uint64_t dropped = 0;      // by the kernel, because we were too slow
  uint64_t filtered = 0;     // did not pass the filter
  uint64_t unsupported = 0;  // of interfaces whose link type is not supported
  // Live only:
  uint64_t dropped_in_namespaces = 0;               // of `dropped`: by rings in other network namespaces
  std::vector<std::string> unsupported_interfaces;  // their names, a few
};

enum class Next : uint8_t {
  kPacket,
  kIdle,     // live: nothing came within the wait; files: many packets did not pass the filter. Ask again
  kEnd,      // no more will come
  kDamaged,  // the input is broken from here on: damage() says where; nothing more will come
};

// Not thread-safe. Made by OpenFile (file.h) or OpenLive (live.h).
class Source {
 public:
  virtual ~Source() = default;
  // Fills `packet`; its data is valid until the next call.
  virtual Next Read(model::RawPacket& packet) = 0;
  // After kDamaged: one line naming the file, packet number, byte offset and what is wrong.
  virtual const std::string& damage() const = 0;
  virtual Counters counters() const = 0;
  // Between 0 and 1 for files whose size is known, else negative.
  virtual double progress() const = 0;
};

}  // namespace quaywatch::capture
