// SPDX-License-Identifier: Apache-2.0
#include "decode/decoder.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "decode/checksum.h"
#include "decode/fragments.h"
#include "decode/ip.h"
#include "decode/link.h"
#include "decode/transport.h"
#include "decode/tunnel.h"
#include "decode/weirds.h"

namespace quaywatch::decode {

using model::Datagram;
using model::RawPacket;
using model::Transport;
using model::TunnelType;

namespace {

constexpr uint8_t kNoNextHeader = 59;
constexpr uint8_t kMobilityHeader = 135;

}  // namespace

class Decoder::Impl {
 public:
  Impl(const Options& options, model::WeirdSink& weird)
      : options_(options),
        weirds_(weird),
        fragments_(options_, weirds_, counters_),
        whole_(options.max_tunnel_depth + 1u) {}

  const Datagram* Decode(const RawPacket& packet) {
    ++counters_.packets;
    packet_ = &packet;
    carried_.form = Carried::Form::kNothing;
    weirds_.Begin(false);
    const auto captured = static_cast<uint32_t>(packet.data.size());
    if (captured < packet.wire_length) ++counters_.truncated;
    Layer layer{packet.data, std::max(packet.wire_length, captured)};
    const LinkOutcome outcome = StripLink(packet.link, layer, weirds_);
    if (outcome == LinkOutcome::kIp) return DecodeIp(layer, 0);
    counters_.not_ip += outcome == LinkOutcome::kNotIp;
    return nullptr;
  }

  const Datagram* Inner() {
    if (carried_.form == Carried::Form::kNothing) return nullptr;
    ++counters_.tunnels;
    weirds_.Begin(true);
    const Carried carried = std::exchange(carried_, {});
    Layer layer = carried.layer;
    LinkOutcome outcome = LinkOutcome::kIp;
    if (carried.form == Carried::Form::kEthernet) outcome = StripLink(model::LinkType::kEthernet, layer, weirds_);
    if (carried.form == Carried::Form::kIeee80211) outcome = StripIeee80211(layer, weirds_);
    if (carried.form == Carried::Form::kEtherType) outcome = StripEtherType(carried.ether_type, layer, weirds_);
    return outcome == LinkOutcome::kIp ? DecodeIp(layer, static_cast<uint8_t>(datagram_.depth + 1)) : nullptr;
  }

  const Counters& counters() const { return counters_; }

 private:
  // Left to the card: the sender's checksums are not there yet, and lengths may not be.
  bool offloaded() const { return packet_->segment_size != 0 || packet_->checksum_pending; }

  const Datagram* DecodeIp(const Layer& layer, uint8_t depth) {
    IpHeader header;
    if (!Parse(layer, options_.verify_checksums, header)) return nullptr;
    if (!header.fragment) return DecodeDatagram(layer.First(header.total_length), header, depth, false);
    const bool cut = layer.bytes.size() < header.total_length;
    if (cut) {
      // Only a first fragment tells anything without the others.
      weirds_.Report("incompletely_captured_fragment"_weird, "IP");
      if (header.fragment_offset != 0) return nullptr;
      return DecodeDatagram(layer.First(header.total_length), header, depth, false);
    }
    std::vector<uint8_t>& whole = whole_[depth];
    const auto seen_at = model::Sightings::At(packet_->netns, packet_->interface, packet_->outgoing);
    if (!fragments_.Add(packet_->ts, seen_at, header, layer.bytes.first(header.total_length), whole)) return nullptr;
    const Layer joined{whole, static_cast<uint32_t>(whole.size())};
    IpHeader joined_header;
    if (!Parse(joined, false, joined_header)) return nullptr;
    return DecodeDatagram(joined, joined_header, depth, true);
  }

  bool Parse(const Layer& layer, bool verify, IpHeader& header) {
    const IpOutcome outcome = ParseIp(layer, packet_->segment_size != 0, verify, header, weirds_);
    counters_.bad_checksum += outcome == IpOutcome::kBadChecksum;
    return outcome == IpOutcome::kOk;
  }

  // `layer` ends where the datagram does.
  const Datagram* DecodeDatagram(const Layer& layer, const IpHeader& header, uint8_t depth, bool reassembled) {
    const TunnelType around = depth == 0 ? TunnelType::kNone : datagram_.carries;
    Datagram& d = datagram_;
    Clear(d);
    d.ts = packet_->ts;
    d.interface = packet_->interface;
    d.netns = packet_->netns;
    d.outgoing = packet_->outgoing;
    d.src = header.src;
    d.dst = header.dst;
    d.ip_proto = header.protocol;
    d.ttl = header.ttl;
    d.depth = depth;
    d.reassembled = reassembled;
    d.ip_length = header.total_length;
    d.ip = layer.bytes;
    d.transport_bytes = d.ip.subspan(header.header_length);
    weirds_.SetHosts(d.src, d.dst);
    if (header.encrypted) return nullptr;
    if (header.mobility) return CheckMobility(header);
    if (header.protocol == kNoNextHeader) {
      if (around != TunnelType::kTeredo) weirds_.Report("ipv6_no_next"_weird, "IP");
      return nullptr;
    }
    Segment segment;
    segment.length = header.total_length - header.header_length;
    segment.length_unstated = header.length_unstated;
    segment.verify_checksum = options_.verify_checksums && !offloaded();
    counters_.pending_checksum += offloaded();
    if (!ParseTransport(d, segment, weirds_, counters_)) return nullptr;
    if (d.transport != Transport::kTcp && d.transport != Transport::kIcmp) {
      const uint32_t missing = layer.wire_length - static_cast<uint32_t>(layer.bytes.size());
      carried_ = FindTunnel(d, missing, options_.max_tunnel_depth, weirds_);
    }
    if (packet_->segment_size != 0) CountSegments(header.header_length + segment.length - d.payload_length);
    return &d;
  }

  // What is not set for every datagram. Assigning an empty one would take as long as all the rest.
  static void Clear(Datagram& d) {
    d.transport = Transport::kUnknown;
    d.src_port = d.dst_port = 0;
    d.icmp_type = d.icmp_code = 0;
    d.icmp_id = 0;
    d.tcp = {};
    d.wire_packets = 1;
    d.payload = {};
    d.payload_length = 0;
    d.udp_length = 0;
    d.flow_weird = {};
    d.checksum_bad = false;
    d.carries = d.violates = TunnelType::kNone;
  }

  // Mobile IPv6 signalling is no flow.
  const Datagram* CheckMobility(const IpHeader& header) {
    const base::Bytes message = datagram_.ip.first(header.header_length).subspan(header.last_extension);
    if (options_.verify_checksums && !offloaded()) {
      const uint64_t pseudo =
          PseudoHeaderSum(header.src, header.dst, kMobilityHeader, static_cast<uint32_t>(message.size()));
      if (FoldSum(RawSum(message, pseudo)) != 0xffff) {
        ++counters_.bad_checksum;
        weirds_.Report("bad_MH_checksum"_weird, "IP");
        return nullptr;
      }
    }
    if (header.protocol != kNoNextHeader) weirds_.Report("mobility_piggyback"_weird, "IP");
    return nullptr;
  }

  // What the card will make of a super-packet: each segment gets all headers again.
  void CountSegments(uint32_t headers) {
    const uint32_t size = packet_->segment_size;
    const uint32_t segments = std::max(1u, (datagram_.payload_length + size - 1) / size);
    datagram_.wire_packets = segments;
    datagram_.ip_length += (segments - 1) * headers;
  }

  Options options_;
  Weirds weirds_;
  Counters counters_;
  FragmentTable fragments_;
  const RawPacket* packet_ = nullptr;
  Datagram datagram_;
  Carried carried_;                          // by datagram_
  std::vector<std::vector<uint8_t>> whole_;  // put together from fragments, by depth: inner ones lie in outer ones
};

Decoder::Decoder(const Options& options, model::WeirdSink& weird) : impl_(std::make_unique<Impl>(options, weird)) {}
Decoder::~Decoder() = default;

const Datagram* Decoder::Decode(const RawPacket& packet) { return impl_->Decode(packet); }
const Datagram* Decoder::Inner() { return impl_->Inner(); }
const Counters& Decoder::counters() const { return impl_->counters(); }

}  // namespace quaywatch::decode
