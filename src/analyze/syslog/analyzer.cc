// SPDX-License-Identifier: Apache-2.0
// Syslog over UDP (RFC 3164): each datagram is a message and a record.
#include <array>

#include "analyze/analyzer.h"
#include "analyze/syslog/parse.h"
#include "analyze/syslog/record.h"

namespace quaywatch::analyze::syslog {
namespace {

class SyslogAnalyzer : public Analyzer {
 public:
  explicit SyslogAnalyzer(Context& context) : context_(context) {}

  void OnDatagram(model::Direction from, base::Bytes bytes, uint32_t) override {
    if (from != model::Direction::kOrig) return;
    const auto message = Parse(bytes);
    if (!message) return context_.Violate("no priority at the beginning");
    context_.Confirm();
    const model::FlowInfo& flow = context_.flow();
    model::Write(context_.records(),
                 SyslogRecord{.ts = context_.now(),
                              .uid = flow.uid,
                              .id = flow.id,
                              .proto = {model::TransportName(flow.transport)},
                              .facility = {FacilityName(message->facility)},
                              .severity = {SeverityName(message->severity)},
                              .message = std::string(message->text)});
  }

 private:
  Context& context_;
};

ProbeResult Probe(const ProbeInput& input) {
  const auto message = Parse(input.orig);
  return message && message->facility < 24 ? ProbeResult::kYes : ProbeResult::kNo;
}

constexpr auto kPorts = std::to_array<uint16_t>({514});
constexpr auto kSchemas = std::to_array<const model::Schema& (*)()>({&SyslogRecord::Schema});

}  // namespace

extern const AnalyzerSpec kSpec;
const AnalyzerSpec kSpec{
    .name = "syslog",
    .help = "Syslog messages (RFC 3164)",
    .probe_udp = Probe,
    .udp_ports = kPorts,
    .make = [](Context& context) -> std::unique_ptr<Analyzer> { return std::make_unique<SyslogAnalyzer>(context); },
    .schemas = kSchemas,
};

}  // namespace quaywatch::analyze::syslog
