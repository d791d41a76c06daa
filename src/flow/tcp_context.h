// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cctype>
#include <cstdint>
#include <string_view>

#include "flow/tcp_state.h"

namespace quaywatch::flow {

// One segment on its way through the state machine.
struct TcpState::Context {
  TcpObserver& observer;
  base::Timestamp now;
  model::Direction from;
  uint32_t seq;
  uint32_t ack;
  uint32_t length;  // of the payload on the wire
  uint16_t window;
  int16_t window_scale;
  bool syn, fin, rst, has_ack, urg;

  bool from_orig() const { return from == model::Direction::kOrig; }
  void Weird(std::string_view name, std::string_view addl = {}) const { observer.TcpWeird(name, addl, true); }
  void ConnWeird(std::string_view name) const { observer.TcpWeird(name, {}, false); }
  void AddHistory(char letter) const {
    observer.AddHistory(from_orig() ? letter : static_cast<char>(std::tolower(letter)));
  }
};

}  // namespace quaywatch::flow
