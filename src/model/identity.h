// SPDX-License-Identifier: Apache-2.0
//
// Who is behind an address: the names a record shows for each of its two ends.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "model/address.h"
#include "model/ids.h"
#include "model/record.h"

namespace quaywatch::model {

enum class EndpointKind : uint8_t {
  kUnknown,    // a private address nobody claimed
  kPod,        // of Kubernetes
  kContainer,  // of a runtime without Kubernetes
  kNetns,      // a network namespace that belongs to no container we know
  kHost,       // the machine the sensor runs on
  kNode,       // another machine of the cluster
  kService,    // a service's own address; the pod behind it is not known
  kOutside,
};

// "pod", "container", "netns", "host", "node", "service", "outside", "unknown".
std::string_view KindName(EndpointKind kind);
// The kind of that name; kUnknown for anything else.
EndpointKind KindOf(std::string_view name);

// Immutable once published. What is not known or makes no sense for the kind is empty.
struct Identity {
  EndpointKind kind = EndpointKind::kUnknown;
  std::string space;                // the Kubernetes namespace, Compose project or other group of names
  std::string pod;                  // its name
  std::string container;            // its name; the first 12 digits of its id where it has none
  std::string workload;             // what the pod belongs to, at the end of its chain of owners
  std::string workload_kind;        // "Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "Pod", ...
  std::string service;              // services it answers for, separated by commas
  std::string node;                 // the machine it runs on
  std::string image;                // of the container; of the pod's containers, separated by commas
  std::vector<std::string> labels;  // "key=value", those the configuration chose, in order
  std::string name;                 // the DNS name its client looked up, the network namespace's name, ...

  bool operator==(const Identity&) const = default;
};

// Shared by all flows and records that show it.
using IdentityRef = std::shared_ptr<const Identity>;

// The two ends of a connection. Null: nobody known.
struct Parties {
  IdentityRef orig;
  IdentityRef resp;
};

// The columns orig.kind, orig.namespace, ... and resp.kind, ... of a Parties. Every log that names a connection
// has them after its own columns when names are asked for.
const std::vector<Column>& PartyColumns();

// Whose socket it is: a workload that shares the machine's own network namespace.
struct SocketOwner {
  std::string container_id;  // all digits; empty: not known
  std::string pod_uid;       // with dashes; empty: not known
};

// One end of a flow, as a question.
struct Endpoint {
  IpAddress address;
  uint16_t port = 0;
  Transport transport = Transport::kUnknown;
  // The network namespace (its inode number, as in "net:[4026531840]") it was seen in; 0 for the sensor's own.
  // Decides for addresses that every namespace has (127.0.0.1).
  uint32_t netns = 0;
  std::shared_ptr<const SocketOwner> owner;  // null: not known; then the address decides
};

// Who held an address, with time. Safe to ask from any thread; never blocks for long: an answer comes from
// memory.
class IdentityLookup {
 public:
  struct Answer {
    IdentityRef identity;  // null: nobody known held it then
    // Later answers about the same time will be the same. False while a source still has to report.
    bool settled = true;
  };

  virtual ~IdentityLookup() = default;

  // Who held this end at `at` (wall clock, as packets have it). `now` is the time of asking. `peer` is the
  // other end's address: outside addresses have the name that this client looked up.
  virtual Answer HolderOf(const Endpoint& end, const IpAddress& peer, base::Timestamp at,
                          base::Timestamp now) const = 0;

  // The service whose own address or node port this is, as "namespace/name"; empty if it is none.
  virtual std::string ServiceAt(const Endpoint& end, base::Timestamp at) const = 0;

  // Is it one of the sensor's own machine?
  virtual bool IsHostAddress(const IpAddress& address) const = 0;

  // Does it run on another machine of the cluster than the sensor's own, as far as that is known?
  virtual bool IsElsewhere(const Identity& identity) const = 0;

  // A DNS answer was seen: `client` was told that `name` has this address, for `ttl`.
  virtual void Learn(const IpAddress& client, std::string_view name, const IpAddress& address, base::Timestamp at,
                     base::Duration ttl) = 0;

  // The name of the interface with this index in that network namespace (0: the sensor's own); empty if it
  // never was known.
  virtual std::string InterfaceName(uint32_t netns, uint32_t index) const = 0;
};

}  // namespace quaywatch::model
