// SPDX-License-Identifier: Apache-2.0
// DHCP for IPv4 (RFC 2131).
#include "analyze/analyzer.h"

#include <array>

#include "analyze/dhcp/join.h"
#include "analyze/dhcp/parse.h"

namespace quaywatch::analyze::dhcp {
namespace {

class DhcpAnalyzer : public Analyzer {
 public:
  explicit DhcpAnalyzer(Context& context) : context_(context) {}

  void OnDatagram(model::Direction from, base::Bytes bytes, uint32_t) override {
    const auto message = Parse(bytes);
    if (!message) return context_.Violate("no DHCP message");
    static_cast<Conversations&>(context_.state())
        .Add(context_.now(), context_.flow(), from, *message, context_.records());
    context_.Confirm();
  }

 private:
  Context& context_;
};

ProbeResult Probe(const ProbeInput& input) {
  return LooksLikeMessage(input.orig.empty() ? input.resp : input.orig) ? ProbeResult::kYes : ProbeResult::kNo;
}

constexpr auto kPorts = std::to_array<uint16_t>({67, 68, 4011});  // the last one for booting by network (PXE)
constexpr auto kSchemas = std::to_array<const model::Schema& (*)()>({&DhcpRecord::Schema});

}  // namespace

extern const AnalyzerSpec kSpec;
const AnalyzerSpec kSpec{
    .name = "dhcp",
    .help = "Addresses asked for and given (DHCP, RFC 2131)",
    .probe_udp = Probe,
    .udp_ports = kPorts,
    .make = [](Context& context) -> std::unique_ptr<Analyzer> { return std::make_unique<DhcpAnalyzer>(context); },
    .make_state = []() -> std::unique_ptr<WorkerState> { return std::make_unique<Conversations>(); },
    .schemas = kSchemas,
};

}  // namespace quaywatch::analyze::dhcp
