// SPDX-License-Identifier: Apache-2.0
#include "analyze/analyzer.h"

#include <array>

namespace quaywatch::analyze {

#define QUAYWATCH_ANALYZER(name)   \
  namespace name {                 \
  extern const AnalyzerSpec kSpec; \
  }
#include "analyze/analyzers.def"
#undef QUAYWATCH_ANALYZER

namespace {

#define QUAYWATCH_ANALYZER(name) &name::kSpec,
constexpr auto kAnalyzers = std::to_array<const AnalyzerSpec*>({
#include "analyze/analyzers.def"
});
#undef QUAYWATCH_ANALYZER

}  // namespace

std::span<const AnalyzerSpec* const> Analyzers() { return kAnalyzers; }

const AnalyzerSpec* FindAnalyzer(std::string_view name) {
  for (const AnalyzerSpec* spec : kAnalyzers) {
    if (spec->name == name) return spec;
  }
  return nullptr;
}

void Analyzer::OnStream(model::Direction, base::Bytes) {}
void Analyzer::OnGap(model::Direction, uint64_t) {}
void Analyzer::OnReset() {}
void Analyzer::OnEndOfStream(model::Direction) {}
void Analyzer::OnDatagram(model::Direction, base::Bytes, uint32_t) {}
void Analyzer::OnClose() {}

void WorkerState::Advance(base::Timestamp, model::RecordSink&) {}
void WorkerState::Finish(model::RecordSink&) {}

}  // namespace quaywatch::analyze
