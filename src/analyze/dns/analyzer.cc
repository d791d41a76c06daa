// SPDX-License-Identifier: Apache-2.0
// DNS over UDP and TCP (RFC 1035), with its kin on other ports: multicast DNS (RFC 6762), LLMNR (RFC 4795)
// and the NetBIOS name service (RFC 1002).
#include "analyze/analyzer.h"

#include <array>

#include "analyze/dns/frame.h"
#include "analyze/dns/match.h"
#include "analyze/dns/parse.h"
#include "analyze/dns/record.h"

namespace quaywatch::analyze::dns {
namespace {

using std::chrono::seconds;

// What Zeek takes for multicast, where answers come unasked.
bool IsMulticast(const model::IpAddress& address) {
  const base::Bytes bytes = address.bytes();
  return address.is_v4() ? bytes[0] == 224 : bytes[0] == 0xff;
}

// Of a stream: one that has this many is no DNS.
constexpr int kMostShortMessages = 100;

class DnsAnalyzer : public Analyzer {
 public:
  explicit DnsAnalyzer(Context& context)
      : context_(context), matcher_(context), netbios_(context.flow().id.resp_p.number == kNetbiosPort) {
    constexpr seconds kInterval(10);
    constexpr seconds kSilence(9);
    if (context.flow().transport == model::Transport::kUdp) context.SetInactivityLook(kInterval, kSilence);
  }

  void OnDatagram(model::Direction from, base::Bytes bytes, uint32_t) override {
    if (!begun_ && bytes.size() >= kHeaderLength) {
      begun_ = true;
      const bool answered = from == model::Direction::kOrig && ReadHeader(bytes, netbios_).response;
      if (answered && !IsMulticast(context_.flow().id.resp_h)) context_.FlipRoles();
    }
    Message(bytes);
  }

  void OnStream(model::Direction from, base::Bytes bytes) override {
    FrameReader& frames = frames_[static_cast<size_t>(from)];
    while (!done_ && frames.Next(bytes)) {
      Message(frames.message());
      // Two zero bytes are an empty message: a stream of them would cost more than any other.
      if (frames.message().size() >= kHeaderLength || ++short_messages_ < kMostShortMessages) continue;
      done_ = true;
      context_.Violate("DNS_truncated_len_lt_hdr_len");
    }
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

  Context& context_;
  Matcher matcher_;
  bool netbios_;
  bool begun_ = false;  // a message was seen
  bool done_ = false;
  int short_messages_ = 0;
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
