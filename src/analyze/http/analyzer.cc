// SPDX-License-Identifier: Apache-2.0
#include "analyze/analyzer.h"

#include <array>

#include "analyze/http/connection.h"
#include "analyze/http/probe.h"
#include "analyze/http/ranges.h"
#include "analyze/http/record.h"

namespace quaywatch::analyze::http {
namespace {

constexpr auto kPorts = std::to_array<uint16_t>({80, 81, 631, 1080, 3128, 8000, 8080, 8888});
constexpr auto kSchemas = std::to_array<const model::Schema& (*)()>({&HttpRecord::Schema});

}  // namespace

extern const AnalyzerSpec kSpec;
const AnalyzerSpec kSpec{
    .name = "http",
    .help = "HTTP/0.9 to 1.1 (RFC 9112), bodies as files",
    .probe_tcp = Probe,
    .tcp_ports = kPorts,
    .make = [](Context& context) -> std::unique_ptr<Analyzer> { return std::make_unique<Connection>(context); },
    .make_state = []() -> std::unique_ptr<WorkerState> { return std::make_unique<Ranges>(); },
    .schemas = kSchemas,
};

}  // namespace quaywatch::analyze::http
