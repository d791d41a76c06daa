// SPDX-License-Identifier: Apache-2.0
//
// Which cgroup a socket of the sensor's network namespace belongs to (sock_diag(7), linux/inet_diag.h; the cgroup
// since Linux 5.9).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "enrich/host/host.h"

namespace quaywatch::enrich::host {

struct ListeningSocket {
  uint64_t cgroup = 0;
  uint16_t port = 0;
};

// Not thread-safe.
class Sockets {
 public:
  // Null if the kernel has no sock_diag.
  static std::unique_ptr<Sockets> Open();
  virtual ~Sockets() = default;

  // TCP sockets that listen, and UDP sockets with a port and without a peer.
  virtual std::vector<ListeningSocket> Listening() = 0;
  // The cgroup of the socket with these ends, or of the one that would get its packets.
  virtual std::optional<uint64_t> CgroupOf(const SocketTuple& socket) = 0;
};

}  // namespace quaywatch::enrich::host
