// SPDX-License-Identifier: Apache-2.0
//
// The network namespaces of this machine's workloads, as the host's source finds them: for capture, which opens
// sockets inside for what the host cannot see from outside.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace quaywatch::model {

// An interface inside a network namespace.
struct NetnsInterface {
  uint32_t index = 0;
  std::string name;
  std::string
      kind;  // as rtnetlink has it (IFLA_INFO_KIND): "veth", "macvlan", "ipvlan", ...; empty: hardware, loopback
  bool loopback = false;
  // Its other end is an interface of the sensor's own namespace, where its packets are seen as well (veth).
  // False for macvlan, ipvlan, hardware, and whatever ends elsewhere.
  bool peer_in_host = false;
  // That other end, or the parent in the sensor's namespace (macvlan, ipvlan); 0: none there.
  uint32_t host_index = 0;

  bool operator==(const NetnsInterface&) const = default;
};

// Told of namespaces attached to the sensor's own (one of their links has its peer or parent there) while
// something lives in them. Called from one thread, one call at a time; a namespace is never told of twice
// without OnGone between, and its inode number may be another one's afterwards.
//
// A descriptor of a namespace, and every socket opened inside, keeps it and its links alive after its last
// process: nothing may be held beyond OnGone.
class NetnsListener {
 public:
  virtual ~NetnsListener() = default;
  // `inode` as in "net:[4026531840]"; `fd` for setns(2), valid during the call only. The namespace may be empty
  // of processes already when it is entered.
  virtual void OnAttached(uint32_t inode, int fd, const std::vector<NetnsInterface>& interfaces) = 0;
  // Its interfaces changed, or where their other ends are.
  virtual void OnChanged(uint32_t inode, const std::vector<NetnsInterface>& interfaces) = 0;
  // Nothing lives in it any more, or its last link to the sensor's namespace is gone. Sockets inside must be
  // closed at once, that is, when what they hold has been read: within a tenth of a second, usually.
  virtual void OnGone(uint32_t inode) = 0;
};

// A tunnel device of the sensor's own namespace: what it takes apart is seen again on the device itself.
struct LocalTunnel {
  uint32_t index = 0;
  std::string name;
  std::string kind;       // "vxlan", "geneve", "ipip", "sit", "gre", "gretap", "ip6gre", "ip6tnl", ...
  uint16_t udp_port = 0;  // where its packets arrive; 0: it does not use UDP
  bool operator==(const LocalTunnel&) const = default;
};

}  // namespace quaywatch::model
