// SPDX-License-Identifier: Apache-2.0
//
// Frames into datagrams: link layers, VLAN and MPLS stacks, PPPoE, ARP, IPv4 and IPv6 with options,
// extension headers and fragments, transport headers and checksums, and tunnels taken apart one level
// at a time:
//
//   for (const Datagram* d = decoder.Decode(packet); d != nullptr; d = decoder.Inner()) { ... }
//
// Decode and Inner return nothing where the bytes hold no (further) datagram: broken ones were named to
// the weird sink, ARP and the like counted, a fragment kept until its datagram is complete.
#pragma once

#include <cstdint>
#include <memory>

#include "model/datagram.h"
#include "model/packet.h"
#include "model/weird.h"

namespace quaywatch::decode {

struct Options {
  bool verify_checksums = true;
  uint8_t max_tunnel_depth = 4;                               // levels inside each other; deeper is a weird
  uint32_t max_fragment_bytes = 16u << 20;                    // held of incomplete datagrams; the oldest go first
  base::Duration fragment_timeout = std::chrono::minutes(5);  // packet time
};

struct Counters {
  uint64_t packets = 0;
  uint64_t not_ip = 0;     // ARP, LLDP and other protocols without an IP header
  uint64_t truncated = 0;  // cut short by the snap length
  uint64_t bad_checksum = 0;
  uint64_t pending_checksum = 0;  // left to the network card by the sender: taken as right
  uint64_t fragments = 0;
  uint64_t fragments_dropped = 0;  // timed out or over max_fragment_bytes
  uint64_t tunnels = 0;            // datagrams found inside others
};

// One per worker; not thread-safe. Fragments of one datagram must reach the same decoder.
class Decoder {
 public:
  Decoder(const Options& options, model::WeirdSink& weird);
  ~Decoder();

  // The outermost datagram; valid until the next call of Decode or Inner.
  const model::Datagram* Decode(const model::RawPacket& packet);
  // The datagram inside the one last returned; nullptr if it carries none.
  const model::Datagram* Inner();

  const Counters& counters() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quaywatch::decode
