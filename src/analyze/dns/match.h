// SPDX-License-Identifier: Apache-2.0
//
// Makes one record of a question and its answer, as Zeek does: by transaction number within a flow, in the
// order they came; each alone if the other never comes. Multicast DNS numbers everything 0: there any
// answer meets the first question in the flow, whatever it was.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "analyze/context.h"
#include "analyze/dns/parse.h"
#include "analyze/dns/pending.h"

namespace quaywatch::analyze::dns {

class Matcher : public MessageListener {
 public:
  explicit Matcher(Context& context) : context_(context) {}

  void OnHeader(const Header& header) override;
  void OnQuestion(const Header& header, const Question& question) override;
  void OnAnswer(const Header& header, const Answer& answer) override;
  void OnEnd(const Header& header) override;
  void OnWeird(std::string_view name, std::string_view addl) override { context_.Weird(name, addl); }
  void OnUnknownOpcode() override { context_.MarkHistory('X'); }

  // The flow is over: writes what still waits.
  void Finish();

 private:
  using TransactionPtr = std::unique_ptr<Transaction>;

  TransactionPtr Begin(const Header& header);
  void MatchQuery(const Header& header);
  void MatchReply(const Header& header);
  void Now(TransactionPtr matched);
  void Write(const Transaction& transaction);
  void WriteDropped();

  Context& context_;
  // The transaction that the message at hand is part of; between messages the last one not written. It
  // waits in one of the places below, or is `matched_`.
  Transaction* current_ = nullptr;
  TransactionPtr matched_;
  TransactionPtr spare_;
  // The usual flow has one question at a time: it waits here, the others in queries_.
  TransactionPtr query_;
  Pending queries_;
  Pending replies_;
  std::vector<TransactionPtr> dropped_;
};

}  // namespace quaywatch::analyze::dns
