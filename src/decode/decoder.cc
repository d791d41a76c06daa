// SPDX-License-Identifier: Apache-2.0
#include "decode/decoder.h"

#include <algorithm>

#include "decode/ip.h"
#include "decode/link.h"
#include "decode/transport.h"
#include "decode/weirds.h"

namespace quaywatch::decode {

using model::Datagram;
using model::RawPacket;

class Decoder::Impl {
 public:
  Impl(const Options& options, model::WeirdSink& weird) : options_(options), weirds_(weird) {}

  const Datagram* Decode(const RawPacket& packet) {
    ++counters_.packets;
    packet_ = &packet;
    weirds_.Begin(false);
    const auto captured = static_cast<uint32_t>(packet.data.size());
    if (captured < packet.wire_length) ++counters_.truncated;
    Layer layer{packet.data, std::max(packet.wire_length, captured)};
    switch (StripLink(packet.link, layer, weirds_)) {
      case LinkOutcome::kIp:
        return DecodeIp(layer, 0);
      case LinkOutcome::kNotIp:
        ++counters_.not_ip;
        return nullptr;
      case LinkOutcome::kBroken:
        return nullptr;
    }
    return nullptr;
  }

  const Datagram* Inner() { return nullptr; }

  const Counters& counters() const { return counters_; }

 private:
  const Datagram* DecodeIp(const Layer& layer, uint8_t depth) {
    IpHeader header;
    bool bad_checksum = false;
    const bool offloaded = packet_->segment_size != 0 || packet_->checksum_pending;
    const bool verify = options_.verify_checksums && !offloaded;
    if (!ParseIp(layer, packet_->segment_size != 0, options_.verify_checksums, header, weirds_, bad_checksum)) {
      counters_.bad_checksum += bad_checksum;
      return nullptr;
    }
    Datagram& d = datagram_;
    d = Datagram{};
    d.ts = packet_->ts;
    d.interface = packet_->interface;
    d.src = header.src;
    d.dst = header.final_dst;
    d.ip_proto = header.protocol;
    d.ttl = header.ttl;
    d.depth = depth;
    d.ip_length = header.total_length;
    d.ip = layer.bytes.first(std::min<size_t>(layer.bytes.size(), header.total_length));
    d.transport_bytes = d.ip.subspan(header.header_length);
    weirds_.SetHosts(d.src, d.dst);
    if (header.fragment || header.encrypted) return nullptr;
    if (offloaded) ++counters_.pending_checksum;
    const uint32_t length = header.total_length - header.header_length;
    if (!ParseTransport(d, length, verify, weirds_, counters_)) return nullptr;
    if (packet_->segment_size != 0) CountSegments(header.header_length + length - d.payload_length);
    return &d;
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
  const RawPacket* packet_ = nullptr;
  Datagram datagram_;
};

Decoder::Decoder(const Options& options, model::WeirdSink& weird) : impl_(std::make_unique<Impl>(options, weird)) {}
Decoder::~Decoder() = default;

const Datagram* Decoder::Decode(const RawPacket& packet) { return impl_->Decode(packet); }
const Datagram* Decoder::Inner() { return impl_->Inner(); }
const Counters& Decoder::counters() const { return impl_->counters(); }

}  // namespace quaywatch::decode
