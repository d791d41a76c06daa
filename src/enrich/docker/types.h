// SPDX-License-Identifier: Apache-2.0
//
// What the Docker Engine API says, as far as names need it (docs.docker.com/reference/api/engine/, 1.24 to 1.47).
// Of all fields only an object's id is certain to be there; whatever else was absent or of another type is empty.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "model/address.h"

namespace quaywatch::enrich::docker {

// "1.41"
struct ApiVersion {
  int major = 0;
  int minor = 0;
  auto operator<=>(const ApiVersion&) const = default;
};

// GET /version
struct Version {
  std::string engine;  // "20.10.24"
  ApiVersion newest;
  ApiVersion oldest;
};

// What a container is called, from wherever it was read.
struct Facts {
  std::string name;   // without the slash
  std::string image;  // as the user wrote it
  std::vector<std::pair<std::string, std::string>> labels;
};

// The network's id, where it is known its name else, and the container's addresses in it.
struct Attachment {
  std::string network;
  std::vector<model::IpAddress> addresses;
  bool operator==(const Attachment&) const = default;
};

// GET /containers/ID/json, or an element of GET /containers/json (which has neither start, end, process nor
// namespace).
struct Container {
  std::string id;  // 64 hexadecimal digits
  Facts facts;
  bool running = false;  // or about to: its network is there
  bool host_network = false;
  std::vector<Attachment> attachments;  // none if it shares another container's network
  std::vector<uint16_t> exposed_ports;
  int64_t pid = 0;
  std::string sandbox_key;     // path of its network namespace
  base::Timestamp created{};   // in whole seconds, of a list only
  base::Timestamp started{};   // zero: never
  base::Timestamp finished{};  // of the last run; zero: never
  uint32_t netns = 0;          // not of the API: NetnsOf()
};

// GET /networks/ID
struct Network {
  struct Member {
    std::string container;
    std::vector<model::IpAddress> addresses;
  };
  std::vector<Member> members;
};

// A line of GET /events
struct Event {
  enum class Kind : uint8_t { kOther, kCreate, kInit, kStart, kDie, kDestroy, kRename, kConnect, kDisconnect };
  Kind kind = Kind::kOther;
  std::string container;  // its id
  std::string network;    // of kConnect and kDisconnect: its id; empty where Podman does not say
  bool host_network = false;
  Facts facts;  // of the container; empty for kConnect and kDisconnect
  base::Timestamp at{};
};

}  // namespace quaywatch::enrich::docker
