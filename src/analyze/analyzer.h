// SPDX-License-Identifier: Apache-2.0
//
// The contract of a protocol. A protocol is one folder (types.h, parse.{h,cc}, match.{h,cc} where requests
// meet responses, record.{h,cc}, analyzer.cc, tests beside) and one line in analyzers.def. It includes
// base, model and the headers directly in analyze/; never another protocol.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "analyze/context.h"
#include "base/bytes.h"
#include "model/flow.h"
#include "model/record.h"

namespace quaywatch::analyze {

// Looks at one flow of one protocol. Made when the protocol was recognised; what was seen of the flow
// before is delivered first. All views are valid only during the call.
//
// The bytes of a stream come in order, each once, cut at any place: the same stream cut elsewhere must
// give the same records. Memory held per flow must have a stated limit.
class Analyzer {
 public:
  virtual ~Analyzer() = default;

  // TCP: the next bytes of one side.
  virtual void OnStream(model::Direction from, base::Bytes bytes);
  // TCP: `length` bytes of one side were never seen (lost by the network or the capture).
  virtual void OnGap(model::Direction from, uint64_t length);
  // TCP: one side has closed (FIN) and everything it sent was delivered.
  virtual void OnEndOfStream(model::Direction from);
  // TCP: one side has reset the connection (RST). Bytes that were on the way may still come.
  virtual void OnReset();
  // UDP and ICMP: the payload of one datagram; `length` is what it was on the wire, bytes may be fewer.
  virtual void OnDatagram(model::Direction from, base::Bytes bytes, uint32_t length);
  // The flow is over, however it ended. The last call; pending records are written now.
  virtual void OnClose();
};

enum class ProbeResult : uint8_t {
  kNo,    // this is another protocol
  kMore,  // can't tell yet
  kYes,
};

// The first bytes of a flow, each side's from its very beginning; a UDP flow's latest datagram alone.
struct ProbeInput {
  base::Bytes orig;
  base::Bytes resp;
};

// What is kept of either side while nobody has recognised a flow; Zeek's dpd_buffer_size.
inline constexpr size_t kProbeLimit = 1024;

// Everything the rest of the program knows of a protocol.
struct AnalyzerSpec {
  std::string_view name;           // in conn.service and on the command line: "redis"
  std::string_view udp_name = {};  // in conn.service over UDP, where that has another name ("dtls")
  std::string_view help;           // one line for the documentation
  // Recognises the protocol by content; nullptr where that can't be done. Called again as bytes arrive.
  ProbeResult (*probe_tcp)(const ProbeInput&) = nullptr;
  ProbeResult (*probe_udp)(const ProbeInput&) = nullptr;
  // Responder ports on which the analyzer is attached at once and decides for itself (Violate) whether
  // this is its protocol. Content elsewhere is found by probe.
  std::span<const uint16_t> tcp_ports;
  std::span<const uint16_t> udp_ports;
  std::unique_ptr<Analyzer> (*make)(Context&) = nullptr;
  // State shared by all flows of one worker (an address book, transactions that cross flows); may be null.
  std::unique_ptr<WorkerState> (*make_state)() = nullptr;
  // The logs it writes.
  std::span<const model::Schema& (*const)()> schemas;
};

// All protocols in the order of analyzers.def.
std::span<const AnalyzerSpec* const> Analyzers();
// nullptr if there is none of that name.
const AnalyzerSpec* FindAnalyzer(std::string_view name);

}  // namespace quaywatch::analyze
