// SPDX-License-Identifier: Apache-2.0
//
// Who is who, with time. Sources (Docker, containerd, Kubernetes, the host's own namespaces, a saved state)
// claim what they know; the directory merges it and answers.
//
// One workload is usually known to several sources, each with a part of it. Claims belong together if they share
// a container id, a pod uid or a network namespace; of each field the value of the source with the highest
// precedence counts that has one:
//
//   Kubernetes > containerd > Docker > host > saved state
//
// An address is held by whoever claimed it most recently before the time asked for, and had not given it up by
// then. On this machine the host source sees addresses come and go on interfaces at once; Kubernetes learns of
// them seconds later. So a claim with a network namespace decides over one without, wherever both claim.
//
// All functions may be called from any thread. Bounded: kMaxClaims claims, the longest ended are forgotten
// first, and all of them kMemory after their end was told; what did not fit is counted. A claim takes about 1.7 KB
// with its tables and merged names (directory_bench), a DNS name 0.4 KB: at most 400 MB in all.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/identity.h"

namespace quaywatch::enrich {

// In order of precedence, the lowest first.
enum class SourceKind : uint8_t { kState, kHost, kDocker, kContainerd, kKubernetes };

// "state", "host", "docker", "containerd", "kubernetes".
std::string_view SourceName(SourceKind source);

// What one source knows of one workload.
struct Claim {
  std::string id;            // unique within the source: a container's id, a pod's uid, a node's name, ...
  model::Identity identity;  // with all labels; the directory keeps those that were chosen
  std::vector<model::IpAddress> addresses;
  std::string container_id;  // all 64 digits; empty: does not say
  std::string pod_uid;       // 8-4-4-4-12 digits, with dashes; empty: does not say
  uint32_t netns = 0;        // inode number of the network namespace it lives in; 0: does not say
  std::string interface;     // on this machine: the host's end of its link
  // It shares the machine's own network namespace: its addresses are the machine's, and the ports it is known to
  // listen on tell who is meant.
  bool host_network = false;
  std::vector<uint16_t> ports;  // of host_network
  base::Timestamp since{};      // when it began to hold its addresses, wall clock
  base::Timestamp until = base::Timestamp::max();
};

// A service and what stands behind it.
struct Service {
  std::string space;
  std::string name;
  std::vector<model::IpAddress> addresses;  // cluster IPs, external IPs, load balancers
  struct ServicePort {
    uint16_t port = 0;
    uint16_t node_port = 0;  // 0: none
    model::Transport transport = model::Transport::kTcp;
  };
  std::vector<ServicePort> ports;
  // Who answers. The uid keeps a pod that was just given another's address from being taken for that one.
  struct Endpoint {
    model::IpAddress address;
    std::string pod_uid;  // empty: not known
    bool operator==(const Endpoint&) const = default;
  };
  std::vector<Endpoint> endpoints;
};

struct DirectoryOptions {
  // Labels records show: these keys; "*" for all. Kubernetes and Docker labels alike.
  std::vector<std::string> labels{"app", "app.kubernetes.io/name"};
  std::string node;  // the name of this machine; by default its host name
  // Says how long ago something was told, to forget it in time. Tests set it; by default the wall clock.
  std::function<base::Timestamp()> clock;
};

struct DirectoryCounters {
  uint64_t claims = 0;     // held
  uint64_t ended = 0;      // of them
  uint64_t forgotten = 0;  // over kMaxClaims
  uint64_t services = 0;
  uint64_t dns_names = 0;
};

// An endpoint as `quaywatch endpoints` lists it: the claims of all sources merged.
struct KnownEndpoint {
  model::Identity identity;
  std::vector<model::IpAddress> addresses;
  std::string interface;
  uint32_t netns = 0;
  std::string container_id;
  std::string pod_uid;
  std::vector<SourceKind> sources;
  base::Timestamp since{};
  base::Timestamp until = base::Timestamp::max();
};

class Directory : public model::IdentityLookup {
 public:
  static constexpr size_t kMaxClaims = 200'000;
  static constexpr base::Duration kMemory = std::chrono::minutes(10);
  // How long after a flow's first packet a source may still tell whose address that was.
  static constexpr base::Duration kSettle = std::chrono::seconds(3);
  static constexpr size_t kMaxDnsNames = 100'000;

  explicit Directory(DirectoryOptions options);
  ~Directory() override;

  // ---- for sources ----------------------------------------------------------------------------------
  // Adds the claim or replaces the source's claim of the same id. If its addresses or namespace change, the old
  // ones count until the new claim's `since`.
  void Put(SourceKind source, Claim claim);
  // The source's claim ended. Unknown ids are ignored.
  void End(SourceKind source, const std::string& id, base::Timestamp until);
  // All there is, according to the source: its other claims ended at `now`. After a list from an API.
  void Replace(SourceKind source, std::vector<Claim> claims, base::Timestamp now);
  void PutService(Service service);
  void RemoveService(const std::string& space, const std::string& name);
  void ReplaceServices(std::vector<Service> services);
  // This machine's own addresses.
  void SetHostAddresses(std::vector<model::IpAddress> addresses);
  // The interfaces of a network namespace (0: the sensor's own) as they are now; names of those that are gone
  // stay known for kMemory.
  struct Interface {
    uint32_t index = 0;
    std::string name;
  };
  void SetInterfaces(uint32_t netns, const std::vector<Interface>& interfaces);
  // The source can (or can no longer) be expected to name what it has not named yet: answers wait for it.
  void SetActive(SourceKind source, bool active);

  // ---- for records ----------------------------------------------------------------------------------
  Answer HolderOf(const model::Endpoint& end, const model::IpAddress& peer, base::Timestamp at,
                  base::Timestamp now) const override;
  std::string ServiceAt(const model::Endpoint& end, base::Timestamp at) const override;
  bool IsHostAddress(const model::IpAddress& address) const override;
  bool IsElsewhere(const model::Identity& identity) const override;
  void Learn(const model::IpAddress& client, std::string_view name, const model::IpAddress& address, base::Timestamp at,
             base::Duration ttl) override;
  std::string InterfaceName(uint32_t netns, uint32_t index) const override;

  // ---- for people -----------------------------------------------------------------------------------
  // By namespace, name and address. Without those that ended unless asked for.
  std::vector<KnownEndpoint> Endpoints(bool with_ended) const;
  DirectoryCounters counters() const;

  // All that is known, as JSON (docs/cluster-state.md), and back. Load fails with a line for a person that says
  // what is wrong where; nothing was loaded then.
  std::string Save(base::Timestamp now) const;
  base::Result<> Load(std::string_view json);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quaywatch::enrich
