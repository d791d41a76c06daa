// SPDX-License-Identifier: Apache-2.0
//
// What the machine a worker watches knows of its flows: which packets are copies of others, which flows are one
// connection before and after translation (NAT), and who the two ends are. Of one worker; what it asks is shared
// and thread-safe.
#pragma once

#include <cstdint>
#include <functional>

#include "dedup/proxy_links.h"
#include "dedup/translations.h"
#include "flow/conn_record.h"
#include "flow/flow.h"
#include "model/identity.h"

namespace quaywatch::pipeline {

struct HostOptions {
  model::IdentityLookup* names = nullptr;       // null: each packet counts, nobody is named
  dedup::Translations* translations = nullptr;  // null: conntrack can't be asked
  dedup::ProxyLinks* proxy_links = nullptr;     // null: there is no docker-proxy
  bool is_live = true;                          // else it is a capture, which nobody can ask about translations
  // All interfaces are watched, so that of a translated connection the originator's own side is always seen.
  bool all_interfaces = true;
  // Is it of a tunnel that ends on this machine? What is inside is seen on the tunnel's own interface. Must be cheap.
  std::function<bool(const model::Datagram&)> ends_here = [](const model::Datagram&) { return false; };
  // The workload that has the socket of this end, which is at one of the machine's own addresses; null if it is
  // the machine's own. Asked once for such an end, while the connection is young.
  using OwnerOf =
      std::function<std::shared_ptr<const model::SocketOwner>(const model::Endpoint& own, const model::Endpoint& peer)>;
  OwnerOf owner_of = [](const model::Endpoint&, const model::Endpoint&) { return nullptr; };
};

struct HostCounters {
  uint64_t copies = 0;        // packets seen before at another interface
  uint64_t twin_flows = 0;    // flows that are another one's other side
  uint64_t twin_packets = 0;  // of them
};

// One connection's two ends as they really are, behind all translation.
struct Ends {
  model::Endpoint orig;
  model::Endpoint resp;
  base::Timestamp start{};
};

class HostView {
 public:
  // Finds the flow with these addresses among those of this worker; null if there is none.
  using FindFlow = std::function<flow::Flow*(const model::FlowId& id, const flow::Flow& like)>;

  HostView(const HostOptions& options, FindFlow find) : options_(options), find_(std::move(find)) {}

  bool enabled() const { return options_.names != nullptr; }

  // A flow began with this datagram.
  void Begin(flow::Flow& flow, const model::Datagram& datagram);
  // True if this packet of the flow is to be counted and looked into: no copy, and of no silent flow.
  bool Counts(flow::Flow& flow, const flow::Conversation& ends, const model::Datagram& datagram);
  // The addresses of this silent flow belong to another connection by now: it is over.
  bool IsReused(const flow::Flow& flow, const model::Datagram& datagram) const;
  // A packet of a silent flow belongs to the recorded flow as well if that one is shown nothing of this direction: the
  // kernel sends answers to its own machine's translated connections over the loopback with the addresses of before.
  // Null if it does not.
  struct Place {
    flow::Flow* flow = nullptr;
    model::Direction from = model::Direction::kOrig;  // there
  };
  Place PlaceOf(const flow::Flow& silent, model::Direction from, const model::Datagram& datagram);
  // The flow is over. False if it must not be recorded because another one is.
  bool Conclude(flow::Flow& flow);

  // What is known of the flow by `now`.
  void Describe(const flow::Flow& flow, base::Timestamp now, flow::ConnRecord& record) const;
  // Its record is written.
  void Recorded(const flow::Flow& flow, base::Timestamp now);

  static Ends EndsOf(const flow::Flow& flow);

  const HostCounters& counters() const { return counters_; }

 private:
  bool MayHaveChanged(const flow::Flow& flow, const model::Datagram& datagram) const;
  void LookForOwners(flow::Flow& flow) const;
  dedup::Translations::Way LookForTranslation(flow::Flow& flow, base::Timestamp at);
  void Join(flow::Flow& flow, const dedup::Translations::Found& found);

  const HostOptions& options_;
  FindFlow find_;
  HostCounters counters_;
};

}  // namespace quaywatch::pipeline
