// SPDX-License-Identifier: Apache-2.0
//
// Names from the Docker Engine API, or Podman's compatible one, on a unix socket.
#pragma once

#include <memory>
#include <string>

#include "enrich/source.h"

namespace quaywatch::enrich::docker {

struct DockerOptions {
  // Path of the socket. Empty: the first that exists of $DOCKER_HOST (if it begins with unix://), /run/docker.sock,
  // /var/run/docker.sock and /run/podman/podman.sock, looked for anew with each connection; the source is absent
  // while there is none.
  std::string socket;
};

// Follows containers from now on: subscribes to events, then lists, and afterwards asks only about what an event
// names. Never lists again while the connection lasts. Needs API 1.24 (Docker 1.12, Podman 3) or later.
//
// `directory` must outlive the source. `say` is called from the source's thread.
std::unique_ptr<Source> StartDocker(DockerOptions options, Directory& directory, Say say);

}  // namespace quaywatch::enrich::docker
