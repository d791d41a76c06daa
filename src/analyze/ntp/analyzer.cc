// SPDX-License-Identifier: Apache-2.0
// NTP (RFC 5905): a record for each message about time; control and private messages are not logged.
#include "analyze/analyzer.h"

#include <array>
#include <chrono>
#include <utility>

#include "analyze/ntp/parse.h"
#include "analyze/ntp/record.h"

namespace quaywatch::analyze::ntp {
namespace {

class NtpAnalyzer : public Analyzer {
 public:
  explicit NtpAnalyzer(Context& context) : context_(context) {}

  void OnDatagram(model::Direction from, base::Bytes bytes, uint32_t length) override {
    if (bytes.size() < length) return;
    const auto message = Parse(bytes);
    if (!message) return context_.Violate("malformed message");
    context_.Confirm();
    const bool first = !std::exchange(began_, true);
    if (first && from == model::Direction::kOrig && message->mode == kServer) context_.FlipRoles();
    if (message->mode <= kBroadcast) Log(*message);
  }

 private:
  void Log(const Message& message) {
    const model::FlowInfo& flow = context_.flow();
    NtpRecord record{.ts = context_.now(), .uid = flow.uid, .id = flow.id};
    record.version = message.version;
    record.mode = message.mode;
    if (message.times) {
      const Times& times = *message.times;
      record.stratum = times.stratum;
      record.poll = times.poll;
      record.precision = times.precision;
      record.root_delay = times.root_delay;
      record.root_disp = times.root_dispersion;
      record.ref_id = times.stratum > 1 ? model::IpAddress::V4(times.reference_id.data()).ToString()
                                        : std::string(base::AsText(times.reference_id));
      record.ref_time = times.reference;
      record.org_time = times.origin;
      record.rec_time = times.receive;
      record.xmt_time = times.transmit;
      record.num_exts = times.extensions;
    }
    model::Write(context_.records(), record);
  }

  Context& context_;
  bool began_ = false;
};

// Only a plausible answer of a synchronised server is taken for NTP: 48 bytes are soon mistaken for it.
ProbeResult Probe(const ProbeInput& input) {
  using std::chrono::seconds;
  if (input.resp.size() != kHeaderSize) return ProbeResult::kMore;
  const auto message = Parse(input.resp);
  if (!message || message->mode != kServer || message->leap == 3 || message->version < 3 || message->version > 4) {
    return ProbeResult::kNo;
  }
  constexpr auto kEarliest = base::Timestamp(seconds(946'684'800));  // 2000
  constexpr int kMaxStratum = 15;
  const Times& times = *message->times;
  const bool plausible = times.stratum >= 1 && times.stratum <= kMaxStratum && times.precision < seconds(1) &&
                         times.reference > kEarliest && times.receive > kEarliest && times.transmit >= times.receive &&
                         times.transmit - times.receive < seconds(5) && times.root_delay >= seconds(0) &&
                         times.root_delay < seconds(16);
  return plausible ? ProbeResult::kYes : ProbeResult::kNo;
}

constexpr auto kPorts = std::to_array<uint16_t>({123});
constexpr auto kSchemas = std::to_array<const model::Schema& (*)()>({&NtpRecord::Schema});

}  // namespace

extern const AnalyzerSpec kSpec;
const AnalyzerSpec kSpec{
    .name = "ntp",
    .help = "Network time (RFC 5905)",
    .probe_udp = Probe,
    .udp_ports = kPorts,
    .make = [](Context& context) -> std::unique_ptr<Analyzer> { return std::make_unique<NtpAnalyzer>(context); },
    .schemas = kSchemas,
};

}  // namespace quaywatch::analyze::ntp
