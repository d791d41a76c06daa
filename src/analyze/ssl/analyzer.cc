// SPDX-License-Identifier: Apache-2.0
// TLS, its ancestors (SSL 2 and 3) and DTLS: what the handshakes tell before encryption begins.
#include "analyze/analyzer.h"

#include <algorithm>
#include <array>

#include "analyze/ssl/certificate_cache.h"
#include "analyze/ssl/dtls.h"
#include "analyze/ssl/record.h"
#include "analyze/ssl/tls.h"

namespace quaywatch::analyze::ssl {
namespace {

using base::Bytes;

// One byte of a pattern: between two values, both included.
struct Range {
  uint8_t first = 0;
  uint8_t last = 0xff;
};
constexpr Range kAny;
constexpr Range Is(uint8_t value) { return {value, value}; }

ProbeResult Match(std::span<const Range> pattern, Bytes bytes) {
  const size_t count = std::min(pattern.size(), bytes.size());
  for (size_t i = 0; i < count; ++i) {
    if (bytes[i] < pattern[i].first || bytes[i] > pattern[i].last) return ProbeResult::kNo;
  }
  return count == pattern.size() ? ProbeResult::kYes : ProbeResult::kMore;
}

constexpr Range kOldMinor{0, 3};

// A record with a client's hello in it, of SSL 3 to TLS 1.2 (TLS 1.3 looks like 1.2 here).
constexpr auto kTlsClientHello = std::to_array<Range>(
    {Is(kHandshake), Is(3), kOldMinor, kAny, kAny, Is(kClientHello), kAny, kAny, kAny, Is(3), kOldMinor});
// A server's hello up to its version; a warning may come before it.
constexpr auto kTlsServerHello =
    std::to_array<Range>({Is(kHandshake), Is(3), kOldMinor, kAny, kAny, Is(kServerHello), kAny, kAny, kAny});
constexpr auto kTlsWarning = std::to_array<Range>({Is(kAlert), Is(3), kOldMinor, kAny, kAny, kAny, kAny});
constexpr auto kServerVersion = std::to_array<Range>({Is(3), {0, 4}});
constexpr auto kDraftVersion = std::to_array<Range>({Is(0x7f), {0, 0x50}});
// Epoch 0, and a number below 2^8.
constexpr auto kDtlsClientHello = std::to_array<Range>(
    {Is(kHandshake), Is(0xfe),         {0xfd, 0xff}, Is(0), Is(0), Is(0), Is(0), Is(0), Is(0), Is(0), kAny, kAny,
     kAny,           Is(kClientHello), kAny,         kAny,  kAny,  kAny,  kAny,  kAny,  kAny,  kAny,  kAny, kAny,
     kAny,           Is(0xfe),         {0xfd, 0xff}});

ProbeResult ProbeServer(Bytes bytes) {
  const ProbeResult warning = Match(kTlsWarning, bytes);
  if (warning == ProbeResult::kMore) return ProbeResult::kMore;
  if (warning == ProbeResult::kYes) bytes = bytes.subspan(kTlsWarning.size());
  const ProbeResult hello = Match(kTlsServerHello, bytes);
  if (hello != ProbeResult::kYes) return hello;
  bytes = bytes.subspan(kTlsServerHello.size());
  return std::min(Match(kServerVersion, bytes), Match(kDraftVersion, bytes), [](ProbeResult a, ProbeResult b) {
    const auto rank = [](ProbeResult r) { return r == ProbeResult::kYes ? 0 : r == ProbeResult::kMore ? 1 : 2; };
    return rank(a) < rank(b);
  });
}

ProbeResult ProbeTcp(const ProbeInput& input) {
  const ProbeResult client = Match(kTlsClientHello, input.orig);
  const ProbeResult server = ProbeServer(input.resp);
  if (client == ProbeResult::kYes || server == ProbeResult::kYes) return ProbeResult::kYes;
  return client == ProbeResult::kMore || server == ProbeResult::kMore ? ProbeResult::kMore : ProbeResult::kNo;
}

// A datagram is whole: what is too short is something else.
ProbeResult ProbeUdp(const ProbeInput& input) {
  const bool hello = Match(kDtlsClientHello, input.orig) == ProbeResult::kYes ||
                     Match(kDtlsClientHello, input.resp) == ProbeResult::kYes;
  return hello ? ProbeResult::kYes : ProbeResult::kNo;
}

// https, smtps, nntps, the old places of ldap+tls, ldaps, ftps-data, ftps, telnets, imaps, pop3s, xmpp.
constexpr auto kTcpPorts = std::to_array<uint16_t>({443, 465, 563, 585, 614, 636, 989, 990, 992, 993, 995, 5223});
constexpr auto kUdpPorts = std::to_array<uint16_t>({443});
constexpr auto kSchemas = std::to_array<const model::Schema& (*)()>({&SslRecord::Schema, &X509Record::Schema});

std::unique_ptr<Analyzer> Make(Context& context) {
  if (context.flow().transport == model::Transport::kUdp) return std::make_unique<DtlsAnalyzer>(context);
  return std::make_unique<TlsAnalyzer>(context);
}

}  // namespace

extern const AnalyzerSpec kSpec;
const AnalyzerSpec kSpec{
    .name = "ssl",
    .udp_name = "dtls",
    .help = "TLS and DTLS handshakes and X.509 certificates (RFC 8446, 5246, 9147, 5280)",
    .probe_tcp = ProbeTcp,
    .probe_udp = ProbeUdp,
    .tcp_ports = kTcpPorts,
    .udp_ports = kUdpPorts,
    .make = Make,
    .make_state = []() -> std::unique_ptr<WorkerState> { return std::make_unique<CertificateCache>(); },
    .schemas = kSchemas,
};

}  // namespace quaywatch::analyze::ssl
