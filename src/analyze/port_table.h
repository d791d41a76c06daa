// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "model/ids.h"

namespace quaywatch::analyze {

// Which analyzers are attached at once because of a flow's responder port; made from the specs' lists.
class PortTable {
 public:
  static const PortTable& Get();
  // Positions in Analyzers(); valid forever.
  std::span<const uint8_t> Find(model::Transport transport, uint16_t port) const;

 private:
  PortTable();
  struct Ports {
    std::array<uint8_t, 65536> list{};  // index into lists; 0 is the empty one
    std::vector<std::vector<uint8_t>> lists{{}};
    void Add(uint16_t port, uint8_t analyzer);
  };
  Ports tcp_, udp_;
};

}  // namespace quaywatch::analyze
