// SPDX-License-Identifier: Apache-2.0
// DNS over UDP and TCP (RFC 1035), with its kin on other ports: multicast DNS (RFC 6762), LLMNR (RFC 4795)
// and the NetBIOS name service (RFC 1002).
#include "analyze/analyzer.h"

#include <array>
#include <utility>

#include "analyze/dns/frame.h"
#include "analyze/dns/match.h"
#include "analyze/dns/parse.h"
#include "analyze/dns/record.h"

namespace quaywatch::analyze::dns {
namespace {

using std::chrono::seconds;

class DnsAnalyzer : public Analyzer {
 public:
  explicit DnsAnalyzer(Context& context)
      : context_(context),
        matcher_(context),
        begin_(context.now()),
        netbios_(context.flow().id.resp_p.number == kNetbiosPort) {}

  void OnDatagram(model::Direction from, base::Bytes bytes, uint32_t) override {
    SetTimeout();
    constexpr uint8_t kIsResponse = 0x80;  // QR, RFC 1035 4.1.1
    const bool first = !std::exchange(began_, true);
    if (first && from == model::Direction::kOrig && bytes.size() >= kHeaderLength && (bytes[2] & kIsResponse) != 0 &&
        !context_.flow().id.resp_h.is_group()) {
      context_.FlipRoles();
    }
    Message(bytes);
  }

  void OnStream(model::Direction from, base::Bytes bytes) override {
    FrameReader& frames = frames_[static_cast<size_t>(from)];
    while (!done_ && frames.Next(bytes)) Message(frames.message());
  }

  void OnGap(model::Direction from, uint64_t length) override { frames_[static_cast<size_t>(from)].Gap(length); }

  void OnEndOfStream(model::Direction from) override {
    const base::Bytes rest = frames_[static_cast<size_t>(from)].unfinished();
    if (!done_ && !rest.empty()) Message(rest);
  }

  void OnClose() override { matcher_.Finish(); }

 private:
  void Message(base::Bytes bytes) {
    switch (ParseMessage(bytes, netbios_, matcher_)) {
      case Verdict::kDns:
        return context_.Confirm();
      case Verdict::kBroken:
        return;
      case Verdict::kForeign:
        done_ = true;
        return context_.Violate("DNS_Conn_count_too_large");
    }
  }

  // Zeek looks every 10 seconds after a flow's first message whether it was silent for 9, and ends it then.
  void SetTimeout() {
    constexpr seconds kInterval(10);
    constexpr seconds kSilence(9);
    const base::Timestamp now = context_.now();
    const auto intervals = (now + kSilence - begin_ + kInterval - base::Duration(1)) / kInterval;
    context_.SetInactivityTimeout(begin_ + (intervals < 1 ? 1 : intervals) * kInterval - now);
  }

  Context& context_;
  Matcher matcher_;
  base::Timestamp begin_;
  bool netbios_;
  bool done_ = false;
  bool began_ = false;
  FrameReader frames_[2];
};

ProbeResult ProbeUdp(const ProbeInput& input) {
  return LooksLikeMessage(input.orig.empty() ? input.resp : input.orig) ? ProbeResult::kYes : ProbeResult::kNo;
}

ProbeResult ProbeTcp(const ProbeInput& input) {
  const base::Bytes bytes = input.orig;
  constexpr size_t kLengthBytes = 2;
  if (bytes.size() < kLengthBytes) return ProbeResult::kMore;
  // A question is short; nobody asks for more than what is kept of a flow's beginning.
  const size_t size = base::LoadBig<uint16_t>(bytes.data());
  if (size < kHeaderLength || size > kProbeLimit - kLengthBytes) return ProbeResult::kNo;
  if (bytes.size() < kLengthBytes + size) return ProbeResult::kMore;
  return LooksLikeMessage(bytes.subspan(kLengthBytes, size)) ? ProbeResult::kYes : ProbeResult::kNo;
}

constexpr auto kTcpPorts = std::to_array<uint16_t>({53});
constexpr auto kUdpPorts = std::to_array<uint16_t>({53, kNetbiosPort, 5353, 5355});
constexpr auto kSchemas = std::to_array<const model::Schema& (*)()>({&DnsRecord::Schema});

}  // namespace

extern const AnalyzerSpec kSpec;
const AnalyzerSpec kSpec{
    .name = "dns",
    .help = "Domain names: DNS over UDP and TCP, multicast DNS, LLMNR, NetBIOS name service",
    .probe_tcp = ProbeTcp,
    .probe_udp = ProbeUdp,
    .tcp_ports = kTcpPorts,
    .udp_ports = kUdpPorts,
    .make = [](Context& context) -> std::unique_ptr<Analyzer> { return std::make_unique<DnsAnalyzer>(context); },
    .schemas = kSchemas,
};

}  // namespace quaywatch::analyze::dns
