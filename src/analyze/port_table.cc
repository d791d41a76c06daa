// SPDX-License-Identifier: Apache-2.0
#include "analyze/port_table.h"

#include "analyze/analyzer.h"

namespace quaywatch::analyze {

void PortTable::Ports::Add(uint16_t port, uint8_t analyzer) {
  if (list[port] == 0) {
    list[port] = static_cast<uint8_t>(lists.size());
    lists.emplace_back();
  }
  lists[list[port]].push_back(analyzer);
}

PortTable::PortTable() {
  const auto all = Analyzers();
  for (size_t i = 0; i < all.size(); ++i) {
    for (const uint16_t port : all[i]->tcp_ports) tcp_.Add(port, static_cast<uint8_t>(i));
    for (const uint16_t port : all[i]->udp_ports) udp_.Add(port, static_cast<uint8_t>(i));
  }
}

const PortTable& PortTable::Get() {
  static const PortTable table;
  return table;
}

std::span<const uint8_t> PortTable::Find(model::Transport transport, uint16_t port) const {
  if (transport == model::Transport::kTcp) return tcp_.lists[tcp_.list[port]];
  if (transport == model::Transport::kUdp) return udp_.lists[udp_.list[port]];
  return {};
}

}  // namespace quaywatch::analyze
