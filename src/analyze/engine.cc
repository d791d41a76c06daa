// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "analyze/session.h"
#include "base/hash.h"

namespace quaywatch::analyze {

Engine::Engine(const Options& options, model::RecordSink& records, model::IdentityLookup* names)
    : records_(records),
      names_(names),
      file_surroundings_{now_, records, {options.hash_files, options.hash_files, options.hash_files}} {
  for (const AnalyzerSpec* spec : Analyzers()) {
    states_.push_back(spec->make_state ? spec->make_state() : nullptr);
  }
}

void Engine::Advance(base::Timestamp now) {
  now_ = now;
  if (now < next_advance_) return;
  next_advance_ = now + kAdvanceInterval;
  for (const auto& state : states_) {
    if (!state) continue;
    state->Advance(now, records_);
    next_advance_ = std::min(next_advance_, state->next_advance());
  }
  if (!expectations_.empty()) std::erase_if(expectations_, [&](const auto& entry) { return entry.second.until < now; });
}

void Engine::Finish() {
  for (const auto& state : states_) {
    if (state) state->Finish(records_);
  }
}

size_t Engine::EndpointHash::operator()(const Endpoint& key) const {
  const uint8_t* at = key.first.mapped().data();
  return base::Mix(base::LoadLittle<uint64_t>(at) ^ key.second, base::LoadLittle<uint64_t>(at + 8));
}

void Engine::Expect(const std::optional<model::IpAddress>& orig_h, const model::IpAddress& resp_h, uint16_t resp_p,
                    const AnalyzerSpec& spec, std::shared_ptr<CarriedFile> carried) {
  if (expectations_.size() >= kMaxExpectations) {
    ++counters_.expectations_dropped;
    return;
  }
  expectations_[{resp_h, resp_p}] = {orig_h, {&spec, std::move(carried)}, now_, now_ + kExpectationLifetime};
}

Engine::Expectations::const_iterator Engine::FindExpectation(const model::FlowInfo& flow) const {
  if (expectations_.empty()) return expectations_.end();
  const auto found = expectations_.find({flow.id.resp_h, flow.id.resp_p.number});
  if (found == expectations_.end()) return found;
  const Expectation& expected = found->second;
  const bool in_time = expected.since <= flow.start && flow.start <= expected.until;
  return in_time && (!expected.orig_h || *expected.orig_h == flow.id.orig_h) ? found : expectations_.end();
}

Engine::Foretold Engine::TakeExpectation(const model::FlowInfo& flow) {
  const auto found = FindExpectation(flow);
  if (found == expectations_.end()) return {};
  Foretold foretold = found->second.foretold;
  expectations_.erase(found);
  return foretold;
}

bool Engine::IsExpected(const model::FlowInfo& flow) const { return FindExpectation(flow) != expectations_.end(); }

}  // namespace quaywatch::analyze
