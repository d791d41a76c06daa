// SPDX-License-Identifier: Apache-2.0
//
// The state that rtnetlink messages add up to: interfaces and addresses of the sensor's namespace and of those
// with a number there, with the time since when each address is where it is. Asks nobody; not thread-safe.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "enrich/host/rtnetlink.h"
#include "model/netns.h"

namespace quaywatch::enrich::host {

// The same moment on two clocks: wall, and since the machine's start as the kernel's timestamps have it.
struct Moment {
  base::Timestamp wall{};
  base::Duration uptime{};  // CLOCK_MONOTONIC
};
Moment Now();

struct HeldAddress {
  LinkAddress address;
  base::Timestamp since{};
};

struct Namespace {
  uint64_t number = 0;  // never given twice, unlike nsids and inode numbers
  bool read = false;    // it was dumped
  std::map<uint32_t, Link> links;
  std::vector<HeldAddress> addresses;
  base::Timestamp changed{};  // when it last got or lost a global address
};

class Network final : public NetworkReader {
 public:
  // Namespaces and, of each, links and addresses remembered; what is over is counted and ignored.
  static constexpr size_t kMaxNamespaces = 8'192;
  static constexpr size_t kMaxLinks = 16'384;
  static constexpr size_t kMaxAddresses = 16'384;
  // How long the end of an address is remembered.
  static constexpr base::Duration kLeftMemory = std::chrono::seconds(30);

  // `self`: the number of the sensor's own namespace in itself. `lag`: how far the clock of the kernel's timestamps
  // is behind; nothing: to be learned from events.
  explicit Network(Nsid self, std::optional<base::Duration> lag = std::nullopt) : self_(self), lag_(lag) {}

  // Everything told until the next call is told at `now`.
  void At(Moment now);

  // Changes that the kernel tells of.
  void OnLink(Nsid where, Link link) override;
  void OnLinkGone(Nsid where, const Link& link) override;
  void OnAddress(Nsid where, const LinkAddress& address) override;
  void OnAddressGone(Nsid where, const LinkAddress& address) override;
  void OnNamespace(Nsid) override {}
  void OnNamespaceGone(Nsid nsid) override;
  void OnGateway(const model::IpAddress&) override {}

  // Between these two, OnLink and OnAddress tell all that a namespace has. `complete` false: it is gone.
  void BeginDump(Nsid where);
  void EndDump(bool complete);

  // A namespace was found in another way. It is to be dumped.
  void Watch(Nsid nsid);
  // Are there namespaces that were never dumped?
  bool HasNew() const;
  // Namespaces to be dumped, since the last call.
  std::set<Nsid> TakeUnread();
  // Namespaces with changes, since the last call; kNoNsid among them for the sensor's own.
  std::set<Nsid> TakeChanged();

  const Namespace& own() const { return own_; }
  // Null: there is none with that number.
  const Namespace* Find(Nsid nsid) const;
  const std::map<Nsid, Namespace>& namespaces() const { return namespaces_; }
  uint64_t ignored() const { return ignored_; }

  // A link's other end or parent is in the sensor's own namespace.
  bool IsAttached(const Namespace& space) const;
  // So it is by what the host's ends of veths say alone, before it was dumped.
  bool IsAttached(Nsid nsid) const;
  // It has links to third namespaces.
  bool IsHub(const Namespace& space) const;
  std::vector<model::NetnsInterface> InterfacesOf(const Namespace& space) const;
  // The name of the host's end of its first link; empty if there is none.
  std::string HostInterfaceOf(Nsid nsid, const Namespace& space) const;
  // The interfaces of the sensor's namespace by which it is reached: the host's ends, and bridges they belong to.
  std::set<uint32_t> HostEndsOf(const Namespace& space) const;
  std::vector<model::LocalTunnel> Tunnels() const;

 private:
  Namespace* Of(Nsid where);
  void Change(Nsid where);
  base::Timestamp SinceOf(const LinkAddress& address) const;
  void Leave(Nsid where, Namespace& space, size_t at);

  const Nsid self_;
  Moment now_;
  base::Timestamp before_{};  // the call of At() before
  std::optional<base::Duration> lag_;
  base::Duration least_lag_ = base::Duration::max();  // of events: at least as much as it is
  uint64_t numbers_ = 0;
  uint64_t ignored_ = 0;
  Namespace own_;
  std::map<Nsid, Namespace> namespaces_;
  std::map<model::IpAddress, base::Timestamp> left_;  // when its last holder gave it up
  std::set<Nsid> unread_, changed_;
  bool dumping_ = false;
  Nsid dumped_ = kNoNsid;
  Namespace fresh_;  // of the dump under way
};

}  // namespace quaywatch::enrich::host
