// SPDX-License-Identifier: Apache-2.0
//
// One connection while it lives: who, since when, how much, in which state.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "flow/tcp_state.h"
#include "model/datagram.h"
#include "model/flow.h"
#include "model/identity.h"
#include "model/sightings.h"
#include "model/translation.h"

namespace quaywatch::flow {

// What identifies a flow: addresses, ports and protocol, in an order that is the same for both
// directions (except for ICMP messages that get no answer, where the direction is part of it).
struct FlowKey {
  std::array<uint8_t, 16> address_a{};
  std::array<uint8_t, 16> address_b{};
  uint16_t port_a = 0;
  uint16_t port_b = 0;
  uint16_t protocol = 0;
  uint16_t one_way = 0;
  uint32_t zone = 0;  // the network namespace, for addresses that each has; else 0

  bool operator==(const FlowKey&) const = default;
  uint64_t Hash(uint64_t seed) const;
};

// A datagram's flow as its sender sees it, and the key under which both directions meet.
struct Conversation {
  FlowKey key;
  uint16_t src_port = 0;  // for ICMP: type and its counterpart, as in Zeek's conn.log
  uint16_t dst_port = 0;
  bool swapped = false;  // the source is the key's address_b
  static Conversation Of(const model::Datagram& datagram);
};

// Stages after this one hang their state on a flow; it is destroyed with it.
class Attachment {
 public:
  virtual ~Attachment() = default;
};

struct SideCounters {
  uint64_t packets = 0;          // on the wire
  uint64_t ip_bytes = 0;         // by the IP headers' lengths
  int64_t payload = -1;          // UDP and ICMP: bytes; -1 while nothing came
  uint32_t checksum_errors = 0;  // UDP
};

// What a flow has to do with tunnels.
struct TunnelFacts {
  uint64_t path = 0;     // identity of the tunnels around its latest packet; 0 outside of all
  uint16_t changes = 0;  // moves into, out of and between tunnels
  bool seen = false;     // `path` is known
  uint8_t carried = 0;   // it is a tunnel itself: 1 originator, 2 responder sent something through it
  uint8_t violated = 0;  // a bit for each model::TunnelType it turned out not to be
};

// What the machine it passes knows of a flow.
struct HostFacts {
  model::Sightings sightings;  // 0 is the direction from the key's address_a
  // Null: no translation is known.
  model::TranslationRef translation;
  uint8_t translation_looks = 0;  // how often it was asked for
  bool tracked = false;           // conntrack knows the connection
  uint64_t waiting_record = 0;    // number of its latest record that had to wait for names; 0: none
  bool may_be_linked = false;     // docker-proxy may have it, and another
  // Another flow of the same connection is recorded: of this one only counters are kept.
  bool silent = false;
  // Of ends at the machine's own addresses, if a workload has the socket.
  std::array<std::shared_ptr<const model::SocketOwner>, 2> owners;
  // Who its ends are, as far as it is known, and whether no more will come to be known.
  model::Parties parties;
  bool orig_settled = false;
  bool resp_settled = false;
};

// Whether a flow is over found out by looking at it now and then, as some protocols in Zeek have it.
// Packets of other flows make it look; but only two of their times are used, so that the outcome is the
// same for any number of workers.
struct InactivityLook {
  base::Duration interval{};  // zero: no looks
  base::Duration silence{};
  base::Timestamp next{};

  // A packet comes at `now`; the capture's one before it at `before`. Was the flow, silent since `last`, over?
  bool Ended(base::Timestamp last, base::Timestamp before, base::Timestamp now);
  // When that will be, if nothing more comes.
  base::Timestamp Deadline(base::Timestamp last) const;
};

struct Flow : model::FlowInfo {
  // Longest history kept; what comes after is cut, since letters with a meaning come early.
  static constexpr size_t kMaxHistory = 256;

  FlowKey key;
  base::Timestamp last_time{};  // of the last packet that counted
  base::Timestamp deadline{};   // over, if nothing comes before
  base::Duration inactivity{};  // set by an analyzer; zero: by transport and state
  InactivityLook look;          // set by an analyzer
  std::array<SideCounters, 2> sides;
  uint64_t missed_bytes = 0;
  std::string history;
  bool did_weird = false;
  std::unique_ptr<TcpState> tcp;  // only of TCP
  std::unique_ptr<Attachment> attachment;
  std::vector<std::string_view> services;  // confirmed protocols, in order
  std::vector<model::Uid> tunnel_parents;  // each tunnel connection it was seen in
  TunnelFacts tunnels;
  base::Timestamp next_interim{};  // when the next interim record is due; zero: none

  std::unique_ptr<HostFacts> host;  // null unless each connection is to be counted once, and named

  SideCounters& side(model::Direction d) { return sides[static_cast<size_t>(d)]; }
  const SideCounters& side(model::Direction d) const { return sides[static_cast<size_t>(d)]; }
  model::Direction DirectionOf(const model::Datagram& datagram, uint16_t src_port) const {
    return datagram.src == id.orig_h && src_port == id.orig_p.number ? model::Direction::kOrig
                                                                     : model::Direction::kResp;
  }
  void AddHistory(char letter) {
    if (history.size() < kMaxHistory) history += letter;
  }
  // Originator and responder change places. `rewrite`: what the history says so far is told anew from the
  // other side; else it stands as it is, up to the '^'.
  void FlipRoles(bool rewrite = false);
  // Only the addresses and ports change places, as when the first datagram turns out to be an answer.
  void FlipNames();

  // Of the table; nobody else touches them.
  Flow* timer_next = nullptr;
  base::Timestamp linked_deadline{};
  Flow** timer_link = nullptr;
};

}  // namespace quaywatch::flow
