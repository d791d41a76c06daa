// SPDX-License-Identifier: Apache-2.0
//
// HTTP/0.9, 1.0 and 1.1 (RFC 1945, 9112) over TCP.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analyze/analyzer.h"
#include "analyze/http/match.h"
#include "analyze/http/message.h"
#include "analyze/http/types.h"
#include "analyze/lines.h"

namespace quaywatch::analyze::http {

// Requests whose responses are to come. Of more than that, it is not known that they were HEAD.
inline constexpr size_t kMaxUnanswered = 1024;

class Connection;

// What one side is about to send.
enum class Next : uint8_t { kFirstLine, kMessage, kHttp09Body, kNothing };

// One direction of a connection.
struct Side : LineSink {
  Side(Connection& owning, model::Direction direction, LineOddities& oddities, Context& context, MessageOwner& owner,
       Transactions& transactions)
      : http(owning),
        lines(*this, oddities),
        message(direction, context, owner, transactions, lines),
        from(direction) {}

  void OnLine(std::string_view line, bool ended) override;
  void OnPlain(base::Bytes bytes) override { message.Deliver(base::AsText(bytes), false); }

  Connection& http;
  Lines lines;
  HttpMessage message;
  model::Direction from;
  Version version;
  Next next = Next::kFirstLine;
  bool ongoing = false;  // a message is
  bool lost = false;     // a gap has swallowed the place where the next message begins
};

// Follows both sides: which message comes next, what of it is the body, when something else begins.
class Connection : public Analyzer, private MessageOwner {
 public:
  explicit Connection(Context& context)
      : context_(context),
        oddities_(context),
        transactions_(context, static_cast<Ranges&>(context.state())),
        orig_(*this, model::Direction::kOrig, oddities_, context, *this, transactions_),
        resp_(*this, model::Direction::kResp, oddities_, context, *this, transactions_) {}

  void OnStream(model::Direction from, base::Bytes bytes) override;
  void OnGap(model::Direction from, uint64_t length) override;
  void OnEndOfStream(model::Direction from) override;
  void OnReset() override;
  void OnClose() override;

  void OnRequestText(std::string_view line, bool ended);
  void OnReplyText(std::string_view line, bool ended);

 private:
  Side& side(model::Direction from) { return from == model::Direction::kOrig ? orig_ : resp_; }

  Version framing_version() const override { return orig_.ongoing ? orig_.version : resp_.version; }
  uint32_t status_code() const override { return status_code_; }
  bool closes() const override { return closes_; }
  void OnHeader(model::Direction from, Field field, const mime::Header& header) override;
  void OnMessageDone(model::Direction from) override {
    from == model::Direction::kOrig ? RequestMade(false) : ReplyMade(false);
  }

  bool RequestLineSeen(std::string_view line);
  void BeginRequest(const RequestLine& request, std::string uri);
  void Begin09Request(std::string_view method);
  void BadRequestLine(std::string_view line);
  void StatusLineSeen(std::string_view line);
  void Http09Body(base::Bytes bytes);
  Body ExpectedBody() const;
  void Confirm();
  void Violate(std::string_view reason);
  void SetVersion(Side& side, Version version);
  void RequestMade(bool interrupted);
  void ReplyMade(bool interrupted);
  void Upgrade();
  void HandOver(std::string_view protocol, std::string_view early_data);
  void Forward(model::Direction from, base::Bytes bytes);
  void PopUnanswered();

  Context& context_;
  LineOddities oddities_;
  Transactions transactions_;
  Side orig_;
  Side resp_;
  Analyzer* rest_ = nullptr;      // what the connection carries since a tunnel or an upgrade began
  std::vector<bool> unanswered_;  // was it HEAD?
  std::string upgrade_protocol_;
  uint64_t requests_ = 0;
  uint32_t status_code_ = 0;
  std::string_view violation_;  // what was wrong with one side
  bool confirmed_ = false;
  bool keep_alive_ = false;
  bool closes_ = false;
  bool connect_ = false;
  bool upgrade_ = false;
  bool first_after_[2] = {true, true};  // no byte was forwarded yet
};

}  // namespace quaywatch::analyze::http
