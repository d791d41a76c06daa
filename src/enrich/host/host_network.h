// SPDX-License-Identifier: Apache-2.0
//
// Containers that share the machine's own network namespace, with the ports they listen on.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "enrich/directory.h"
#include "enrich/host/cgroups.h"
#include "enrich/host/processes.h"
#include "enrich/host/sockets.h"

namespace quaywatch::enrich::host {

class HostNetwork {
 public:
  // Questions a second for the owner of a socket while no container is known to share the machine's namespace: one
  // may just have begun, but a machine with many connections of its own is not to pay for that.
  static constexpr int kMaxGuesses = 500;

  HostNetwork(Directory& directory, const std::vector<std::string>& cgroup_roots);

  // Claims the containers found, and ends those that are gone.
  void Publish(const std::map<std::string, Process>& containers, base::Timestamp now);
  // The container that has this socket. Thread-safe.
  std::optional<CgroupOwner> OwnerOf(const SocketTuple& socket);

 private:
  // Without containers: within kMaxGuesses.
  bool MayAsk();
  // By container id or pod uid.
  std::map<std::string, std::vector<uint16_t>> ListeningPorts(base::Timestamp now);

  Directory& directory_;
  std::mutex mutex_;  // of what follows, but for the claims
  std::unique_ptr<Sockets> sockets_;
  Cgroups cgroups_;
  bool any_ = false;  // containers were found by the last look
  std::chrono::time_point<std::chrono::steady_clock, std::chrono::seconds> second_{};
  int asked_ = 0;  // in that second

  std::map<std::string, Claim> claims_;
};

}  // namespace quaywatch::enrich::host
