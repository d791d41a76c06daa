// SPDX-License-Identifier: Apache-2.0
//
// A container or a pod's sandbox as this source knows it. containerd's own API and CRI each tell a part; whatever
// they did not tell is empty.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/address.h"

namespace quaywatch::enrich::containerd {

using Labels = std::map<std::string, std::string>;

struct Object {
  enum class Kind : uint8_t {
    kContainer,     // of nobody's pod: started with ctr, nerdctl, ...
    kSandbox,       // what holds a pod's network namespace
    kPodContainer,  // runs in a sandbox
  };
  enum class State : uint8_t { kUnknown, kCreated, kRunning, kExited };

  Kind kind = Kind::kContainer;
  bool by_cri = false;  // CRI told this; it knows pods better than containerd's own API
  State state = State::kUnknown;
  std::string id;
  std::string group;    // containerd's namespace: "k8s.io", "default", ...; of a runtime with CRI only: "k8s.io"
  std::string name;     // of a container
  std::string image;    // of a container
  std::string sandbox;  // of a pod's container: the sandbox's id
  std::string space;    // Kubernetes namespace
  std::string pod;
  std::string pod_uid;
  Labels labels;
  std::vector<model::IpAddress> addresses;  // of a sandbox
  std::vector<uint16_t> ports;              // that the pod's description says it listens on
  bool host_network = false;                // it has asked for the machine's network namespace
  uint32_t pid = 0;                         // of its first process, in the runtime's process namespace
  std::string netns_path;                   // where its network namespace is mounted
  uint32_t netns = 0;                       // inode number of its network namespace
  base::Timestamp created{};                // zero: not told
};

// Ids are unique within a group.
inline std::string KeyOf(const std::string& group, const std::string& id) { return group + "/" + id; }

}  // namespace quaywatch::enrich::containerd
