// SPDX-License-Identifier: Apache-2.0
//
// What the kernel says of interfaces and addresses (rtnetlink(7), linux/if_link.h, linux/net_namespace.h), of the
// current network namespace and of those known to it by a number (nsid).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "model/address.h"

namespace quaywatch::enrich::host {

// A namespace, by the number that the sensor's own gives it.
using Nsid = int32_t;
inline constexpr Nsid kNoNsid = -1;  // in `where`: the sensor's own namespace

struct Link {
  uint32_t index = 0;
  std::string name;
  std::string kind;  // IFLA_INFO_KIND
  bool loopback = false;
  uint32_t other = 0;         // IFLA_LINK: the peer's or the parent's index; 0: none
  Nsid other_nsid = kNoNsid;  // IFLA_LINK_NETNSID: where that is, if not in the link's own namespace
  Nsid moved_to = kNoNsid;    // IFLA_NEW_NETNSID, when it is gone from here
  uint32_t master = 0;        // the bridge, bond or the like it belongs to; 0: none
  uint16_t udp_port = 0;      // of a tunnel
  bool operator==(const Link&) const = default;
};

struct LinkAddress {
  uint32_t index = 0;
  model::IpAddress address;
  bool global = false;       // neither link-local nor loopback
  base::Duration created{};  // since the machine's start, rounded down to 10 ms (IFA_CACHEINFO); 0: not said
};

// Takes what messages say. `where`: the namespace it is about.
class NetworkReader {
 public:
  virtual ~NetworkReader() = default;
  virtual void OnLink(Nsid where, Link link) = 0;
  virtual void OnLinkGone(Nsid where, const Link& link) = 0;
  virtual void OnAddress(Nsid where, const LinkAddress& address) = 0;
  virtual void OnAddressGone(Nsid where, const LinkAddress& address) = 0;
  // Has got a number, or lost it because it ended.
  virtual void OnNamespace(Nsid nsid) = 0;
  virtual void OnNamespaceGone(Nsid nsid) = 0;
  // Of a route in the answer to a question for them.
  virtual void OnGateway(const model::IpAddress& gateway) = 0;
};

// Reads a run of messages; those of other kinds and broken ones are left out. `where`: as the socket said, unless
// a message names its namespace itself. Returns how many counted.
size_t ReadMessages(base::Bytes messages, Nsid where, NetworkReader& reader);

// Questions that are answered at once, and a socket for events. Not thread-safe.
class Rtnetlink {
 public:
  // Fails with a line for a person.
  static base::Result<std::unique_ptr<Rtnetlink>> Open();
  virtual ~Rtnetlink() = default;

  // Becomes readable when there are events.
  virtual int fd() const = 0;
  enum class Events : uint8_t { kNone, kSome, kLost };
  // All that are waiting, in order. kLost: the kernel dropped some; everything is to be asked for anew.
  virtual Events ReadEvents(NetworkReader& reader) = 0;

  // All links and addresses of a namespace. False: it is gone, or the right to ask is missing.
  virtual bool Dump(Nsid where, NetworkReader& reader) = 0;
  // The number of the namespace behind a descriptor; nothing if it has none.
  virtual std::optional<Nsid> NsidOf(int namespace_fd) = 0;
  // Gives it one, as the kernel does for a veth's peer, so that its events are heard.
  virtual std::optional<Nsid> AssignNsid(int namespace_fd) = 0;
  // Sets an IPv4 address with a prefix of 32 on an interface of the socket's own namespace.
  virtual bool SetAddress(uint32_t interface, const model::IpAddress& address) = 0;
  // The next hops of routes by this interface of the sensor's namespace.
  virtual std::vector<model::IpAddress> Gateways(uint32_t interface) = 0;
};

}  // namespace quaywatch::enrich::host
