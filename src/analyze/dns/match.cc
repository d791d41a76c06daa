// SPDX-License-Identifier: Apache-2.0
#include "analyze/dns/match.h"

#include <utility>

#include "analyze/dns/words.h"

namespace quaywatch::analyze::dns {
namespace {

// Others are only known by the weird they are, or (of NetBIOS) passed over.
bool IsRecorded(uint8_t opcode) { return opcode == kQuery || opcode == kNotify || opcode == kDynamicUpdate; }

}  // namespace

Matcher::TransactionPtr Matcher::Begin(const Header& header) {
  TransactionPtr transaction = spare_ ? std::move(spare_) : std::make_unique<Transaction>();
  const model::FlowInfo& flow = context_.flow();
  DnsRecord& record = transaction->record;
  record.ts = context_.now();
  record.uid = flow.uid;
  record.id = flow.id;
  record.proto = {model::TransportName(flow.transport)};
  record.trans_id = header.id;
  return transaction;
}

void Matcher::OnHeader(const Header& header) {
  if (!IsRecorded(header.opcode)) return;
  if (header.response) {
    MatchReply(header);
  } else {
    MatchQuery(header);
  }
  DnsRecord& record = current_->record;
  if (header.response) {
    record.rcode = header.rcode;
    record.rcode_name = RcodeName(header.rcode);
    if (header.rcode != 0 && header.questions == 0) record.rejected = true;
  }
  record.opcode = header.opcode;
  record.opcode_name = OpcodeName(header.opcode, header.netbios);
  WriteDropped();
}

void Matcher::MatchQuery(const Header& header) {
  if (TransactionPtr reply = replies_.Pop(header.id)) return Now(std::move(reply));
  TransactionPtr query = Begin(header);
  current_ = query.get();
  if (!query_) {
    query_ = std::move(query);
  } else {
    queries_.Put(std::move(query), dropped_);
  }
}

void Matcher::MatchReply(const Header& header) {
  if (query_ && query_->record.trans_id == header.id) {
    Now(std::move(query_));
    // The next of the same number must stay first in its line, whatever comes.
    query_ = queries_.Pop(header.id);
    if (!query_) query_ = queries_.PopAny();
    return;
  }
  if (TransactionPtr query = queries_.Pop(header.id)) return Now(std::move(query));
  TransactionPtr reply = Begin(header);
  current_ = reply.get();
  replies_.Put(std::move(reply), dropped_);
}

void Matcher::Now(TransactionPtr matched) {
  matched_ = std::move(matched);
  current_ = matched_.get();
}

void Matcher::OnQuestion(const Header& header, const Question& question) {
  if (header.response) {
    const bool no_records = header.answers == 0 && header.authorities == 0 && header.additionals == 0;
    if (no_records && current_ != nullptr) current_->record.rejected = true;
    return;
  }
  if (!IsRecorded(header.opcode)) return;
  DnsRecord& record = current_->record;
  record.recursion_desired = header.recursion_desired;
  record.truncated = header.truncated;
  record.z = header.z;
  record.qclass = question.klass;
  record.qclass_name = ClassName(question.klass);
  record.qtype = question.type;
  record.qtype_name = TypeName(question.type);
  record.query = question.name;
  if (!header.netbios) return;
  if (std::string decoded = DecodeNetbiosName(question.name); !decoded.empty()) record.query = std::move(decoded);
  if (question.type == static_cast<uint16_t>(Type::kSrv)) record.qtype_name = "NBSTAT";
}

void Matcher::OnAnswer(const Header& header, const Answer& answer) {
  if (!IsRecorded(header.opcode) || !header.response) return;
  DnsRecord& record = current_->record;
  if (!record.query) record.query = answer.name;
  record.authoritative = header.authoritative;
  record.recursion_available = header.recursion_available;
  if (!record.rtt && context_.now() != record.ts) record.rtt = context_.now() - record.ts;
  if (answer.text.empty()) return;
  if (!record.answers) record.answers.emplace();
  if (!record.ttls) record.ttls.emplace();
  record.answers->emplace_back(answer.text);
  record.ttls->push_back(std::chrono::seconds(answer.ttl));
  if (answer.type == static_cast<uint16_t>(Type::kA) || answer.type == static_cast<uint16_t>(Type::kAaaa)) {
    if (const auto address = model::IpAddress::Parse(answer.text)) {
      context_.Learn(*record.query, *address, std::chrono::seconds(answer.ttl));
    }
  }
  if (current_ != matched_.get()) replies_.Grow(*current_, answer.text.size() + sizeof(std::string));
}

void Matcher::OnEnd(const Header& header) {
  if (current_ == nullptr) return;
  (header.response ? current_->saw_reply : current_->saw_query) = true;
  if (!current_->saw_query || !current_->saw_reply) return;
  Write(*current_);
  if (current_ == matched_.get()) {
    *matched_ = Transaction{};
    spare_ = std::move(matched_);
  }
  current_ = nullptr;
}

void Matcher::Finish() {
  if (query_) Write(*query_);
  queries_.DropAll(dropped_);
  replies_.DropAll(dropped_);
  WriteDropped();
  current_ = nullptr;
  query_ = nullptr;
}

void Matcher::Write(const Transaction& transaction) { model::Write(context_.records(), transaction.record); }

void Matcher::WriteDropped() {
  for (const TransactionPtr& transaction : dropped_) Write(*transaction);
  dropped_.clear();
}

}  // namespace quaywatch::analyze::dns
