// SPDX-License-Identifier: Apache-2.0
//
// Names from containerd (its own API and CRI), and from any other runtime with CRI, on a unix socket.
#pragma once

#include <memory>
#include <string>

#include "enrich/source.h"

namespace quaywatch::enrich {

struct ContainerdOptions {
  // Path of the socket. Empty: the first that exists of $CONTAINER_RUNTIME_ENDPOINT,
  // /run/containerd/containerd.sock, /run/k3s/containerd/containerd.sock and /run/crio/crio.sock; the source is
  // absent while there is none, and waits for one to appear.
  std::string socket;
};

// Subscribes to events, then lists once, then asks only about what an event names; a runtime without events is
// listed every second. Docker's own containers (namespace "moby") are left to the Docker source.
//
// `directory` must outlive the source. `say` is called from the source's thread.
std::unique_ptr<Source> StartContainerd(const ContainerdOptions& options, Directory& directory, Say say);

}  // namespace quaywatch::enrich
