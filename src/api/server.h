// SPDX-License-Identifier: Apache-2.0
//
// Questions from people and programs to a running sensor: HTTP/1.1 with JSON answers, on a unix socket that only
// its owner may use. GET only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/result.h"

namespace quaywatch::api {

// Where a sensor listens unless told otherwise.
inline constexpr const char* kDefaultSocket = "/run/quaywatch/quaywatch.sock";

// Gives the JSON for a path ("/v1/status"). Called from the server's thread.
using Routes = std::map<std::string, std::function<std::string()>>;

class Server {
 public:
  // Connections at a time; one more is closed at once. A request is at most 16 KiB and takes at most 5 s.
  static constexpr size_t kMaxConnections = 32;

  // Makes the socket's folder if it is not there, and takes over a socket that a dead sensor left. Fails with a
  // line for a person: another sensor listens there, no right to.
  static base::Result<std::unique_ptr<Server>> Start(const std::string& socket, Routes routes);
  // Stops, and removes the socket.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace quaywatch::api
