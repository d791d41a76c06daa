// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as packets: the first byte chooses the link type and how the packet was captured; the rest is
// cut into packets by two-byte lengths, so that fragments can meet.
#include <algorithm>
#include <cstdlib>

#include "decode/decoder.h"

using namespace quaywatch;

namespace {

class Ignore : public model::WeirdSink {
 public:
  void PacketWeird(std::string_view name, std::string_view, std::string_view) override { Check(name); }
  void HostPairWeird(const model::IpAddress&, const model::IpAddress&, std::string_view name, std::string_view,
                     std::string_view) override {
    Check(name);
  }
  void FlowWeird(const model::FlowInfo&, std::string_view, std::string_view, std::string_view) override { abort(); }

 private:
  static void Check(std::string_view name) {
    if (name.empty()) abort();
  }
};

constexpr model::LinkType kLinks[] = {
    model::LinkType::kEthernet,
    model::LinkType::kNull,
    model::LinkType::kPpp,
    model::LinkType::kRaw,
    model::LinkType::kPppSerial,
    model::LinkType::kPppoe,
    model::LinkType::kIeee80211,
    model::LinkType::kLoop,
    model::LinkType::kLinuxSll,
    model::LinkType::kIeee80211Prism,
    model::LinkType::kIeee80211Radio,
    model::LinkType::kIeee80211Avs,
    model::LinkType::kPpi,
    model::LinkType::kNflog,
    model::LinkType::kLinuxSll2,
};

void CheckWithin(base::Bytes inner, base::Bytes outer) {
  if (inner.empty()) return;
  if (inner.data() < outer.data() || inner.data() + inner.size() > outer.data() + outer.size()) abort();
}

void DecodeAll(decode::Decoder& decoder, const model::RawPacket& packet) {
  volatile uint8_t sum = 0;  // so that every byte handed out is read
  for (const model::Datagram* d = decoder.Decode(packet); d != nullptr; d = decoder.Inner()) {
    for (const uint8_t byte : d->ip) sum = sum ^ byte;
    CheckWithin(d->transport_bytes, d->ip);
    CheckWithin(d->payload, d->transport_bytes);
    if (d->payload.size() > d->payload_length || d->wire_packets == 0) abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const uint8_t choice = data[0];
  Ignore weirds;
  decode::Decoder decoder({.verify_checksums = (choice & 0x80) != 0, .max_fragment_bytes = 1u << 16}, weirds);
  model::RawPacket packet;
  packet.link = kLinks[(choice & 0x0f) % std::size(kLinks)];
  packet.segment_size = (choice & 0x40) != 0 ? 1000 : 0;
  base::Bytes rest(data + 1, size - 1);
  while (rest.size() > 2) {
    const size_t length = std::min<size_t>(base::LoadBig<uint16_t>(rest.data()), rest.size() - 2);
    packet.data = rest.subspan(2, length);
    packet.wire_length = static_cast<uint32_t>(length) + ((choice & 0x20) != 0 ? 100 : 0);
    packet.ts += std::chrono::seconds(1);
    ++packet.number;
    DecodeAll(decoder, packet);
    rest = rest.subspan(2 + length);
  }
  return 0;
}
