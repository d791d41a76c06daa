// SPDX-License-Identifier: Apache-2.0
//
// What a packet costs to decode: TCP without payload and with much, through VLANs and through a tunnel.
#include <benchmark/benchmark.h>

#include "decode/decoder.h"
#include "decode/packet_builder.h"

namespace quaywatch::decode {
namespace {

class Silent : public model::WeirdSink {
 public:
  void PacketWeird(std::string_view, std::string_view, std::string_view) override {}
  void HostPairWeird(const model::IpAddress&, const model::IpAddress&, std::string_view, std::string_view,
                     std::string_view) override {}
  void FlowWeird(const model::FlowInfo&, std::string_view, std::string_view, std::string_view) override {}
};

void Run(benchmark::State& state, const std::string& bytes, bool verify_checksums) {
  Silent weirds;
  Decoder decoder({.verify_checksums = verify_checksums}, weirds);
  model::RawPacket packet;
  packet.data = base::AsBytes(bytes);
  packet.wire_length = static_cast<uint32_t>(bytes.size());
  for (auto _ : state) {
    for (const model::Datagram* d = decoder.Decode(packet); d != nullptr; d = decoder.Inner()) {
      benchmark::DoNotOptimize(d->payload.data());
    }
  }
}

std::string Tcp(size_t payload) {
  return PacketBuilder().Ethernet(0x0800).Ipv4({}).Tcp(40000, 80, model::kAck).Raw(std::string(payload, 'x')).Build();
}

void Ack(benchmark::State& state) { Run(state, Tcp(0), true); }
BENCHMARK(Ack);

void FullSegment(benchmark::State& state) { Run(state, Tcp(1448), true); }
BENCHMARK(FullSegment);

void FullSegmentUnchecked(benchmark::State& state) { Run(state, Tcp(1448), false); }
BENCHMARK(FullSegmentUnchecked);

void Ipv6InTwoVlans(benchmark::State& state) {
  const PacketBuilder builder = PacketBuilder().Ethernet(0x88a8).Vlan(1, 0x8100).Vlan(2, 0x86dd);
  Run(state, PacketBuilder(builder).Ipv6("2001:db8::1", "2001:db8::2", 17).Udp(40000, 53).Raw("query").Build(), true);
}
BENCHMARK(Ipv6InTwoVlans);

void Vxlan(benchmark::State& state) {
  Run(state,
      PacketBuilder().Ethernet(0x0800).Ipv4({.proto = 17}).Udp(40000, 4789).U32(0x08000000).U32(0).Raw(Tcp(0)).Build(),
      true);
}
BENCHMARK(Vxlan);

}  // namespace
}  // namespace quaywatch::decode
