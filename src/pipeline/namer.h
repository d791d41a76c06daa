// SPDX-License-Identifier: Apache-2.0
//
// Gives records the names of both ends before they are formatted. A record whose ends a source may still tell of
// (a container that began a moment ago) waits for it, seconds at most.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "flow/flow.h"
#include "model/identity.h"
#include "pipeline/host_view.h"
#include "pipeline/output.h"

namespace quaywatch::pipeline {

struct NamerCounters {
  uint64_t waited = 0;   // records that had to wait for a name
  uint64_t hurried = 0;  // of them, written without because too many did
};

class Namer : public model::RecordSink {
 public:
  // Records that wait at most; over it the oldest is written as it is.
  static constexpr size_t kMaxWaiting = 20'000;

  // `names`: null if nobody is to be named.
  Namer(WorkerSink& out, const model::IdentityLookup* names) : out_(out), names_(names) {}

  // Records are the flow's from now on; null: of no flow, then their own columns tell whose they are.
  flow::Flow* set_subject(flow::Flow* flow) { return std::exchange(subject_, flow); }
  // Packet time has reached `now`.
  void Advance(base::Timestamp now);

  void Write(const model::Schema& schema, const void* record, model::Clone clone) override;
  void WriteOnce(const model::Schema& schema, std::shared_ptr<const void> record, std::string key,
                 base::Duration window) override;

  // What is known of the flow's ends by now.
  const model::Parties& PartiesOf(flow::Flow& flow);

  size_t waiting() const { return waiting_.size(); }
  // Writes all that waits.
  void Finish();
  const NamerCounters& counters() const { return counters_; }

 private:
  struct Known {
    model::Parties parties;
    bool settled = true;
  };
  struct Waiting {
    uint64_t number;  // ascending
    const model::Schema* schema;
    std::shared_ptr<const void> record;
    Ends ends;
  };

  Known Ask(const Ends& ends) const;
  bool IsSettled(flow::Flow& flow);
  void Wait(const model::Schema& schema, const void* record, model::Clone clone, const Ends& ends);
  bool Waits(uint64_t number) const;

  WorkerSink& out_;
  const model::IdentityLookup* names_;
  flow::Flow* subject_ = nullptr;
  base::Timestamp now_{};
  base::Timestamp next_look_{};
  std::deque<Waiting> waiting_;
  NamerCounters counters_;
};

}  // namespace quaywatch::pipeline
