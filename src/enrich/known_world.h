// SPDX-License-Identifier: Apache-2.0
//
// For tests: a directory, claims as the sources make them, and questions. Times are seconds since kStart.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "enrich/directory.h"

namespace quaywatch::enrich {

inline model::IpAddress Ip(std::string_view text) { return *model::IpAddress::Parse(text); }
inline std::string Cid(char digit) { return std::string(64, digit); }
inline std::string Uid(char digit) { return "00000000-0000-4000-8000-00000000000" + std::string(1, digit); }

inline constexpr base::Timestamp kStart = base::FromUnixNanos(1'700'000'000'000'000'000);
inline base::Timestamp At(double s) {
  return kStart + std::chrono::duration_cast<base::Duration>(std::chrono::duration<double>(s));
}

// What the host's own source sees.
inline Claim Local(std::string id, uint32_t netns, std::vector<model::IpAddress> addresses, double since,
                   std::string container_id = {}, std::string pod_uid = {}) {
  Claim claim;
  claim.id = std::move(id);
  claim.identity.kind = !pod_uid.empty()        ? model::EndpointKind::kPod
                        : !container_id.empty() ? model::EndpointKind::kContainer
                                                : model::EndpointKind::kNetns;
  claim.identity.container = container_id.substr(0, 12);
  claim.netns = netns;
  claim.addresses = std::move(addresses);
  claim.container_id = std::move(container_id);
  claim.pod_uid = std::move(pod_uid);
  claim.interface = "veth" + std::to_string(netns);
  claim.since = At(since);
  return claim;
}

inline Claim Docker(std::string id, std::string name, double since, std::vector<model::IpAddress> addresses = {}) {
  Claim claim;
  claim.id = claim.container_id = std::move(id);
  claim.identity.kind = model::EndpointKind::kContainer;
  claim.identity.container = std::move(name);
  claim.identity.image = claim.identity.container + ":1";
  claim.addresses = std::move(addresses);
  claim.since = At(since);
  return claim;
}

inline Claim Pod(std::string uid, std::string name, double since, std::vector<model::IpAddress> addresses = {}) {
  Claim claim;
  claim.id = claim.pod_uid = std::move(uid);
  claim.identity.kind = model::EndpointKind::kPod;
  claim.identity.space = "shop";
  claim.identity.pod = std::move(name);
  claim.identity.workload = "web";
  claim.identity.workload_kind = "Deployment";
  claim.addresses = std::move(addresses);
  claim.since = At(since);
  return claim;
}

// As containerd tells of it; without a name it is the pod's sandbox.
inline Claim PodContainer(std::string id, std::string uid, std::string pod, std::string name, double since) {
  Claim claim = Pod(std::move(uid), std::move(pod), since);
  claim.id = claim.container_id = std::move(id);
  claim.identity.container = std::move(name);
  claim.identity.image = claim.identity.container.empty() ? "pause:3" : claim.identity.container + ":1";
  return claim;
}

class KnownWorld {
 protected:
  Directory::Answer Ask(std::string_view address, double at, double now, uint16_t port = 0, uint32_t netns = 0,
                        std::string_view peer = "10.9.9.9") const {
    return directory_.HolderOf({Ip(address), port, model::Transport::kTcp, netns}, Ip(peer), At(at), At(now));
  }
  // Long after, when all is settled.
  model::Identity Who(std::string_view address, double at, uint16_t port = 0, uint32_t netns = 0,
                      std::string_view peer = "10.9.9.9") const {
    const auto answer = Ask(address, at, at + 3600, port, netns, peer);
    return answer.settled && answer.identity != nullptr ? *answer.identity : model::Identity{.name = "not settled"};
  }

  base::Timestamp now_ = kStart;
  Directory directory_{{.labels = {"app"}, .node = "node-1", .clock = [this] { return now_; }}};
};

}  // namespace quaywatch::enrich
