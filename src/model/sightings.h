// SPDX-License-Identifier: Apache-2.0
//
// Where a flow's packets were seen: one packet passes several interfaces of a machine, and each shows it.
#pragma once

#include <array>
#include <cstdint>

#include "base/time.h"

namespace quaywatch::model {

struct Sightings {
  // Points remembered; a packet has seldom more than four on its way. Those beyond are counted in `more`.
  static constexpr size_t kMax = 8;

  // Where a packet can be seen: coming in or going out by an interface. A network namespace's inode number
  // (0: the sensor's own), the interface's index in it (31 bits), and the way.
  using Point = uint64_t;
  static constexpr Point At(uint32_t netns, uint32_t index, bool outgoing) {
    return uint64_t{netns} << 32 | index << 1 | (outgoing ? 1 : 0);
  }
  static constexpr uint32_t NetnsOf(Point point) { return static_cast<uint32_t>(point >> 32); }
  static constexpr uint32_t IndexOf(Point point) { return static_cast<uint32_t>(point) >> 1; }

  struct Sighting {
    Point point = 0;
    std::array<uint32_t, 2> packets{};  // wire packets by direction, modulo 2^32
  };
  std::array<Sighting, kMax> seen{};
  uint8_t count = 0;
  uint16_t more = 0;
  // By direction: which of `seen` speaks, and when it last did.
  std::array<uint8_t, 2> speaker{};
  std::array<bool, 2> has_speaker{};
  std::array<base::Timestamp, 2> spoke{};
};

}  // namespace quaywatch::model
