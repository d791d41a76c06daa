// SPDX-License-Identifier: Apache-2.0
#include "analyze/http/connection.h"

#include "analyze/http/parse.h"
#include "analyze/mime/text.h"
#include "analyze/percent.h"

namespace quaywatch::analyze::http {

using model::Direction;

void Side::OnLine(std::string_view line, bool ended) {
  from == Direction::kOrig ? http.OnRequestText(line, ended) : http.OnReplyText(line, ended);
}

// ---- the connection ------------------------------------------------------------------------------

void Connection::OnStream(Direction from, base::Bytes bytes) {
  // Without its beginning, what is the request is a guess; Zeek looks at its lines all the same.
  if (context_.flow().partial && from == Direction::kResp) return;
  if (rest_ != nullptr) return Forward(from, bytes);
  Side& s = side(from);
  if (s.lost) return;
  if (s.next == Next::kHttp09Body) return Http09Body(bytes);
  const size_t consumed = s.lines.Feed(bytes);
  if (rest_ != nullptr && consumed < bytes.size()) Forward(from, bytes.subspan(consumed));
}

void Connection::OnGap(Direction from, uint64_t length) {
  if (rest_ != nullptr) return rest_->OnGap(from, length);
  Side& s = side(from);
  if (s.lost || (s.message.started() && s.message.Gap(length))) return;
  // Whether a response has a body depends on its request.
  if (from == Direction::kOrig) RequestMade(true);
  ReplyMade(true);
  s.lost = true;
}

void Connection::OnEndOfStream(Direction from) {
  if (rest_ != nullptr) {
    rest_->OnEndOfStream(from);
  } else if (!side(from).lost) {
    side(from).lines.Finish();
  }
  from == Direction::kOrig ? RequestMade(false) : ReplyMade(false);
}

void Connection::OnReset() {
  if (rest_ != nullptr) rest_->OnReset();
  RequestMade(true);
  ReplyMade(true);
}

void Connection::OnClose() {
  RequestMade(true);
  ReplyMade(true);
  transactions_.Finish();
}

void Connection::HandOver(std::string_view protocol, std::string_view early_data) {
  if (resp_.lines.left() > 0) context_.Weird(early_data, std::to_string(resp_.lines.left()));
  rest_ = &context_.HandOver(protocol);
  orig_.lines.Stop();
  resp_.lines.Stop();
}

void Connection::Forward(Direction from, base::Bytes bytes) {
  bool& first = first_after_[static_cast<size_t>(from)];
  // The LF of the header's last line end, where the stream was cut between CR and LF.
  if (first && !bytes.empty() && bytes[0] == '\n' && side(from).lines.after_cr()) bytes = bytes.subspan(1);
  first = false;
  if (!bytes.empty()) rest_->OnStream(from, bytes);
}

void Connection::Confirm() {
  confirmed_ = true;
  if (violation_.empty()) context_.Confirm();
}

// Where the other side looks like HTTP all the same, its first message is still recorded.
void Connection::Violate(std::string_view reason) {
  violation_ = reason;
  if (confirmed_) context_.Violate(reason);
}

void Connection::SetVersion(Side& s, Version version) {
  if (s.version.known() && s.version != version) context_.Weird("HTTP_version_mismatch");
  s.version = version;
  if (version >= kHttp11) keep_alive_ = true;
}

void Connection::OnHeader(Direction from, Field field, const mime::Header& header) {
  if (field == Field::kConnection) {
    std::string_view value = header.value;
    const std::string_view token = mime::TakeToken(value);
    if (from == Direction::kOrig) {
      keep_alive_ = keep_alive_ || mime::EqualsIgnoringCase(token, "keep-alive");
    } else if (mime::EqualsIgnoringCase(token, "close")) {
      closes_ = true;
    } else if (mime::EqualsIgnoringCase(token, "upgrade")) {
      upgrade_ = true;
    }
  } else if (field == Field::kUpgrade && from == Direction::kResp) {
    std::string_view value = header.value;
    upgrade_protocol_ = mime::TakeToken(value);
  }
  transactions_.Header(from, field, header);
}

// ---- requests ------------------------------------------------------------------------------------

void Connection::OnRequestText(std::string_view line, bool ended) {
  if (context_.flow().partial) return;
  if (orig_.next == Next::kMessage) {
    orig_.message.Deliver(line, ended);
  } else if (orig_.next == Next::kFirstLine && !RequestLineSeen(line)) {
    BadRequestLine(line);
  }
}

bool Connection::RequestLineSeen(std::string_view line) {
  const auto request = ParseRequestLine(line);
  if (!request) {
    context_.Weird(request.error() == LineError::kBad ? "bad_HTTP_request" : "bad_HTTP_request_with_version");
    return false;
  }
  if (request->lowercase_uri) context_.Weird("lowercase_HTTP_keyword");
  if (request->uri_missing) context_.Weird("missing_HTTP_uri");
  if (request->lowercase_version) context_.Weird("lowercase_HTTP_keyword");
  if (request->version) SetVersion(orig_, *request->version);
  std::string uri = Unescape(request->uri, &context_);
  if (orig_.version == kHttp09 && (request->method.size() < 3 || request->uri.empty())) {
    context_.Weird("bad_HTTP_request");
    return false;
  }
  BeginRequest(*request, std::move(uri));
  return true;
}

void Connection::BeginRequest(const RequestLine& request, std::string uri) {
  // Zeek takes any beginning of these methods for the method.
  const auto may_be = [&](std::string_view lower) {
    return mime::EqualsIgnoringCase(request.method, lower.substr(0, request.method.size()));
  };
  ++requests_;
  if (!keep_alive_ && requests_ > 1) context_.Weird("unexpected_multiple_HTTP_requests");
  orig_.next = Next::kMessage;
  orig_.ongoing = true;
  if (unanswered_.size() < kMaxUnanswered) unanswered_.push_back(may_be("head"));
  Confirm();
  if (may_be("connect")) connect_ = true;
  transactions_.Request(request.method, std::move(uri));
  orig_.message.Start(Body::kMaybe);
  if (orig_.version == kHttp09) Begin09Request(request.method);
}

void Connection::Begin09Request(std::string_view method) {
  if (method != "GET") context_.Weird("invalid_http_09_request_method", method);
  if (resp_.message.started()) {
    context_.Weird("http_09_reply_before_request");
    resp_.message.Done();
    resp_.message.Forget();
  }
  if (violation_.empty()) resp_.next = Next::kHttp09Body;
}

void Connection::BadRequestLine(std::string_view line) {
  if (requests_ > 0 && !keep_alive_) return;
  // Some clients end a body with a line end too many; servers bear with them.
  if (line.empty()) return context_.Weird("empty_http_request");
  orig_.next = Next::kNothing;
  Violate("not a http request line");
}

void Connection::RequestMade(bool interrupted) {
  if (!orig_.ongoing) return;
  orig_.ongoing = false;
  orig_.message.Done();
  orig_.next = interrupted || !violation_.empty() ? Next::kNothing : Next::kFirstLine;
  if (!violation_.empty()) context_.Violate(violation_);
}

// ---- responses -----------------------------------------------------------------------------------

void Connection::OnReplyText(std::string_view line, bool ended) {
  if (resp_.next == Next::kFirstLine) return StatusLineSeen(line);
  if (resp_.next != Next::kMessage) return;
  resp_.message.Deliver(line, ended);
  if (connect_ && line.empty() && rest_ == nullptr) HandOver("", "protocol_data_with_HTTP_CONNECT_reply");
}

void Connection::StatusLineSeen(std::string_view line) {
  const auto status = ParseStatusLine(line);
  if (!status) {
    if (line.empty()) return;
    resp_.next = Next::kNothing;
    return Violate("not a http reply line");
  }
  if (status->lowercase) context_.Weird("lowercase_HTTP_keyword");
  SetVersion(resp_, status->version);
  status_code_ = status->code;
  if (!unanswered_.empty()) Confirm();
  resp_.next = Next::kMessage;
  resp_.ongoing = true;
  transactions_.Reply(resp_.version, status_code_, status->reason.value_or("<empty>"));
  if (status_code_ != 200) connect_ = false;
  resp_.message.Start(ExpectedBody());
}

// HTTP/0.9 has no head: all that comes is the body.
void Connection::Http09Body(base::Bytes bytes) {
  if (!resp_.message.started()) {
    SetVersion(resp_, kHttp09);
    if (!unanswered_.empty()) Confirm();
    PopUnanswered();
    closes_ = true;
    resp_.ongoing = true;
    transactions_.Reply(resp_.version, status_code_, "<empty>");
    resp_.message.Start(ExpectedBody());
    resp_.message.Deliver("", true);
  }
  resp_.message.Deliver(base::AsText(bytes), false);
}

Body Connection::ExpectedBody() const {
  if (!unanswered_.empty() && unanswered_.front()) return Body::kNone;
  const bool informational = status_code_ >= 100 && status_code_ < 200;
  return informational || status_code_ == 204 || status_code_ == 304 ? Body::kNone : Body::kExpected;
}

void Connection::PopUnanswered() {
  if (!unanswered_.empty()) unanswered_.erase(unanswered_.begin());
}

void Connection::ReplyMade(bool interrupted) {
  if (!resp_.ongoing) return;
  resp_.ongoing = false;
  resp_.message.Done();
  // Informational responses are not the last to their request.
  if (status_code_ < 100 || status_code_ >= 200) PopUnanswered();
  const bool upgraded =
      status_code_ == 101 && unanswered_.size() == 1 && upgrade_ && !upgrade_protocol_.empty() && !interrupted;
  if (upgraded) Upgrade();
  status_code_ = 0;
  upgrade_ = false;
  upgrade_protocol_.clear();
  if (interrupted || upgraded) {
    resp_.next = Next::kNothing;
  } else if (resp_.next != Next::kHttp09Body) {
    resp_.next = Next::kFirstLine;
  }
}

void Connection::Upgrade() {
  std::string protocol = upgrade_protocol_;
  for (char& c : protocol) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  const AnalyzerSpec* spec = FindAnalyzer(protocol);
  HandOver(spec != nullptr ? spec->name : "", "protocol_data_with_HTTP_upgrade_reply");
}

}  // namespace quaywatch::analyze::http
