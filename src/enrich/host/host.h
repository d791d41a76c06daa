// SPDX-License-Identifier: Apache-2.0
//
// The machine itself as a source of names: its network namespaces, interfaces, addresses, processes and cgroups,
// without anybody's API.
//
// Which address is in which namespace since when comes from the kernel by events: one rtnetlink socket
// (rtnetlink(7)) in the sensor's namespace that also hears of the namespaces attached to it
// (NETLINK_LISTEN_ALL_NSID), and dumps of them (IFLA_TARGET_NETNSID, IFA_TARGET_NETNSID). No namespace is
// entered or kept alive for it. Which container and pod a namespace belongs to comes from the cgroups of the
// processes in it, and its name from the mount that keeps it.
//
// Attached are namespaces with a link whose peer or parent is in the sensor's own. Not claimed of these: the
// first process' namespace, and those of no container that the sensor's namespace routes through (next hop of
// a route) or that others are attached to: these are the machine around us, a router or another node.
//
// Needs Linux 5.0, CAP_NET_ADMIN and CAP_NET_BROADCAST (addresses) and CAP_SYS_PTRACE (whose they are), and the
// machine's own /proc (hostPID). What is missing is said in status().detail.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "enrich/source.h"
#include "model/identity.h"
#include "model/netns.h"

namespace quaywatch::enrich::host {

struct HostOptions {
  std::string proc_root = "/proc";
  // Where cgroup hierarchies may be mounted. The first that is there tells of new containers; sockets are known
  // by the first of version 2.
  std::vector<std::string> cgroup_roots{"/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd",
                                        "/sys/fs/cgroup/memory"};
  // Told of attached namespaces; outlives the source. May be null.
  model::NetnsListener* listener = nullptr;
};

// A socket of the machine's own network namespace, from the point of view of its owner.
struct SocketTuple {
  model::Transport transport = model::Transport::kTcp;  // kTcp or kUdp
  model::IpAddress local;
  uint16_t local_port = 0;
  model::IpAddress remote;
  uint16_t remote_port = 0;
};

// One of Docker's helpers that accept connections to a published port in the host's namespace and open a second
// one to the container for each.
struct DockerProxy {
  model::Transport transport = model::Transport::kTcp;
  model::IpAddress host;
  uint16_t host_port = 0;
  model::IpAddress container;
  uint16_t container_port = 0;
  bool operator==(const DockerProxy&) const = default;
};

// Thread-safe but for its destruction.
class HostSource : public Source {
 public:
  // The container or pod in the machine's own network namespace that has this socket now (inet_diag; Linux 5.9).
  // Nothing if the machine itself has it, or nobody. Asks the kernel: takes some ten microseconds.
  virtual std::optional<model::SocketOwner> OwnerOf(const SocketTuple& socket) = 0;
  // As of now.
  virtual std::vector<DockerProxy> DockerProxies() const = 0;
  // Tunnels that end on this machine.
  virtual std::vector<model::LocalTunnel> LocalTunnels() const = 0;
};

// Never fails: what it can't do, and why, is in status().
std::unique_ptr<HostSource> StartHost(HostOptions options, Directory& directory, Say say);

}  // namespace quaywatch::enrich::host
