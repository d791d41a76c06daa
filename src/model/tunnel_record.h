// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "model/datagram.h"
#include "model/record.h"

namespace quaywatch::model {

// A line of tunnel.log: a tunnel was found or is gone. Tunnels of packets are found by the pipeline, those
// of application protocols (SOCKS, HTTP's CONNECT) by their analyzers.
struct TunnelRecord {
  base::Timestamp ts;
  std::optional<Uid> uid;  // of the connection that is the tunnel, or of the tunnel if it has none
  FlowId id;               // ports 0 for tunnels without ports
  Enum tunnel_type;        // "Tunnel::VXLAN"
  Enum action;             // "Tunnel::DISCOVER", "Tunnel::CLOSE", "Tunnel::EXPIRE"

  static const model::Schema& Schema();
};

// `flow` goes through a proxy: all connections of a client to one are a tunnel of that type, which is
// recorded once an hour. `type` must live as long as the program.
void RecordProxyTunnel(RecordSink& records, base::Timestamp now, const FlowId& flow, std::string_view type);

}  // namespace quaywatch::model
