// SPDX-License-Identifier: Apache-2.0
#include "pipeline/namer.h"

#include <algorithm>
#include <optional>

namespace quaywatch::pipeline {
namespace {

// From one look at all that wait to the next: the more there are, the longer.
constexpr base::Duration kLookInterval = std::chrono::milliseconds(50);
constexpr size_t kLookIntervalFor = 1000;

const model::Column* Find(const model::Schema& schema, std::string_view name) {
  const auto found = std::ranges::find(schema.columns(), name, &model::Column::name);
  return found == schema.columns().end() || found->get == nullptr ? nullptr : &*found;
}

// The ends as the record itself shows them: of records that are written when their flow is no longer at hand.
std::optional<Ends> EndsOf(const model::Schema& schema, const void* record, base::Timestamp now) {
  Ends ends{.orig = {}, .resp = {}, .start = now};
  for (const auto& [name, end] : {std::pair{"id.orig_h", &ends.orig}, std::pair{"id.resp_h", &ends.resp}}) {
    const model::Column* column = Find(schema, name);
    const model::Value value = column == nullptr ? model::Value() : column->get(record);
    if (value.kind() != model::Value::Kind::kAddress) return std::nullopt;
    end->address = value.address();
  }
  for (const auto& [name, end] : {std::pair{"id.orig_p", &ends.orig}, std::pair{"id.resp_p", &ends.resp}}) {
    const model::Column* column = Find(schema, name);
    const model::Value value = column == nullptr ? model::Value() : column->get(record);
    if (value.kind() == model::Value::Kind::kCount) end->port = static_cast<uint16_t>(value.count());
  }
  return ends;
}

}  // namespace

void Namer::Advance(base::Timestamp now) {
  now_ = now;
  if (waiting_.empty() || now < next_look_) return;
  next_look_ = now + kLookInterval * (1 + waiting_.size() / kLookIntervalFor);
  // In order: the records of one connection stay as they followed each other.
  std::deque<Waiting> still;
  for (Waiting& waiting : waiting_) {
    const Known known = Ask(waiting.ends);
    if (known.settled) {
      out_.Write(*waiting.schema, waiting.record.get(), known.parties);
    } else {
      still.push_back(std::move(waiting));
    }
  }
  waiting_ = std::move(still);
}

void Namer::Finish() {
  for (const Waiting& waiting : waiting_) {
    out_.Write(*waiting.schema, waiting.record.get(), Ask(waiting.ends).parties);
  }
  waiting_.clear();
}

Namer::Known Namer::Ask(const Ends& ends) const {
  const auto orig = names_->HolderOf(ends.orig, ends.resp.address, ends.start, now_);
  const auto resp = names_->HolderOf(ends.resp, ends.orig.address, ends.start, now_);
  return {{orig.identity, resp.identity}, orig.settled && resp.settled};
}

bool Namer::IsSettled(flow::Flow& flow) {
  flow::HostFacts& host = *flow.host;
  if (host.orig_settled && host.resp_settled) return true;
  const Ends ends = HostView::EndsOf(flow);
  const auto ask = [&](const model::Endpoint& end, const model::Endpoint& peer, model::IdentityRef& who,
                       bool& settled) {
    if (settled) return;
    auto answer = names_->HolderOf(end, peer.address, ends.start, now_);
    who = std::move(answer.identity);
    settled = answer.settled;
  };
  ask(ends.orig, ends.resp, host.parties.orig, host.orig_settled);
  ask(ends.resp, ends.orig, host.parties.resp, host.resp_settled);
  return host.orig_settled && host.resp_settled;
}

const model::Parties& Namer::PartiesOf(flow::Flow& flow) {
  IsSettled(flow);
  return flow.host->parties;
}

void Namer::Write(const model::Schema& schema, const void* record, model::Clone clone) {
  if (names_ == nullptr || !schema.has_ends()) return out_.Write(schema, record, {});
  if (subject_ == nullptr) {
    const auto ends = EndsOf(schema, record, now_);
    if (!ends) return out_.Write(schema, record, {});
    const Known known = Ask(*ends);
    return known.settled ? out_.Write(schema, record, known.parties) : Wait(schema, record, clone, *ends);
  }
  // After those of the same connection that wait already.
  if (!IsSettled(*subject_) || Waits(subject_->host->waiting_record)) {
    Wait(schema, record, clone, HostView::EndsOf(*subject_));
    subject_->host->waiting_record = waiting_.back().number;
    return;
  }
  out_.Write(schema, record, subject_->host->parties);
}

void Namer::Wait(const model::Schema& schema, const void* record, model::Clone clone, const Ends& ends) {
  if (waiting_.size() >= kMaxWaiting) {
    ++counters_.hurried;
    const Waiting& oldest = waiting_.front();
    out_.Write(*oldest.schema, oldest.record.get(), Ask(oldest.ends).parties);
    waiting_.pop_front();
  }
  ++counters_.waited;
  waiting_.push_back({counters_.waited, &schema, clone(record), ends});
}

bool Namer::Waits(uint64_t number) const {
  if (number == 0 || waiting_.empty()) return false;
  const auto found = std::ranges::lower_bound(waiting_, number, {}, &Waiting::number);
  return found != waiting_.end() && found->number == number;
}

void Namer::WriteOnce(const model::Schema& schema, std::shared_ptr<const void> record, std::string key,
                      base::Duration window) {
  const bool named = names_ != nullptr && schema.has_ends() && subject_ != nullptr;
  out_.WriteOnce(schema, std::move(record), std::move(key), window, named ? PartiesOf(*subject_) : model::Parties());
}

}  // namespace quaywatch::pipeline
