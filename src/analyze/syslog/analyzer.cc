// SPDX-License-Identifier: Apache-2.0
// Syslog over UDP (RFC 3164, 5424): each datagram of either side is a message and a record. As in Zeek,
// conn.service does not name it: any text may be a message.
#include "analyze/analyzer.h"

#include <array>

#include "analyze/syslog/parse.h"
#include "analyze/syslog/record.h"

namespace quaywatch::analyze::syslog {
namespace {

class SyslogAnalyzer : public Analyzer {
 public:
  explicit SyslogAnalyzer(Context& context) : context_(context) {}

  void OnDatagram(model::Direction, base::Bytes bytes, uint32_t length) override {
    if (bytes.size() < length) return;
    const auto message = Parse(bytes);
    if (!message) return context_.Violate("no number in the priority");
    const model::FlowInfo& flow = context_.flow();
    model::Write(context_.records(), SyslogRecord{.ts = context_.now(),
                                                  .uid = flow.uid,
                                                  .id = flow.id,
                                                  .proto = {model::TransportName(flow.transport)},
                                                  .facility = FacilityName(message->facility),
                                                  .severity = SeverityName(message->severity),
                                                  .message = std::string(message->text)});
  }

 private:
  Context& context_;
};

ProbeResult Probe(const ProbeInput& input) {
  if (input.orig.empty()) return ProbeResult::kMore;
  return IsTypical(input.orig) ? ProbeResult::kYes : ProbeResult::kNo;
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
