// SPDX-License-Identifier: Apache-2.0
//
// A place that knows names. Each runs in threads of its own, claims into the directory, and recovers by itself
// from whatever its counterpart does: absent, slow, restarted, answering garbage, taking rights away. While it
// can't ask, what it claimed before stays.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/time.h"
#include "enrich/directory.h"

namespace quaywatch::enrich {

enum class SourceState : uint8_t {
  kAbsent,   // there is no such thing on this machine: nothing is missing
  kWaiting,  // it is there, but has not answered yet
  kWorking,
  kFailing,  // it answered before, or must be there, and does not answer (rightly) now
};

// "absent", "waiting", "working", "failing".
std::string_view StateName(SourceState state);

struct SourceStatus {
  SourceKind kind = SourceKind::kHost;
  SourceState state = SourceState::kAbsent;
  std::string where;        // "unix:///run/docker.sock", "https://10.96.0.1:443"
  std::string detail;       // for a person: what is wrong and what to do; empty if all is well
  base::Timestamp since{};  // of the state, wall clock
  uint64_t events = 0;      // handled
  uint64_t skipped = 0;     // objects and events that made no sense, or were too many
  uint64_t reconnects = 0;
};

// A line for the program's log (standard error); called once for each change of a source's state, never for
// each failed attempt.
using Say = std::function<void(std::string_view)>;

class Source {
 public:
  // Stops and joins its threads within about a second.
  virtual ~Source() = default;
  virtual SourceStatus status() const = 0;
};

}  // namespace quaywatch::enrich
