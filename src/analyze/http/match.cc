// SPDX-License-Identifier: Apache-2.0
#include "analyze/http/match.h"

#include <algorithm>
#include <array>

#include "analyze/mime/base64.h"
#include "analyze/mime/text.h"
#include "model/tunnel_record.h"

namespace quaywatch::analyze::http {
namespace {

using model::Direction;

constexpr auto kMethods = std::to_array<std::string_view>(
    {"GET",  "POST", "HEAD", "OPTIONS", "PUT",  "DELETE", "TRACE",     "CONNECT", "PROPFIND", "PROPPATCH", "MKCOL",
     "COPY", "MOVE", "LOCK", "UNLOCK",  "POLL", "REPORT", "SUBSCRIBE", "BMOVE",   "SEARCH",   "QUERY"});

bool IsInformational(const HttpRecord& record) {
  return record.status_code && *record.status_code >= 100 && *record.status_code < 200;
}

template <typename T, typename U>
void Append(std::optional<std::vector<T>>& list, U&& item) {
  if (!list) list.emplace();
  if (list->size() < kMaxFiles) list->emplace_back(std::forward<U>(item));
}

std::string Upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

}  // namespace

BodyFile::~BodyFile() {
  if (!goes_on_) file_->End();
  const std::string_view mime_type = file_->mime_type();
  if (mime_type.empty()) return;
  HttpRecord& record = transaction_->record;
  Append(from_ == Direction::kOrig ? record.orig_mime_types : record.resp_mime_types, mime_type);
}

void Transactions::Request(std::string_view method, std::string uri) {
  if (current_request_ < current_response_) {
    context_.Weird("HTTP_response_before_request", {}, "");
    current_request_ = current_response_;
  }
  if (pending_.size() > kMaxPending) GiveUpPending();
  ++current_request_;
  HttpRecord& record = Select(Direction::kOrig).record;
  record.method = method;
  record.uri = std::move(uri);
  if (std::find(kMethods.begin(), kMethods.end(), method) == kMethods.end()) {
    context_.Weird("unknown_HTTP_method", method, "");
  }
}

void Transactions::GiveUpPending() {
  context_.Weird("HTTP_excessive_pipelining", {}, "");
  current_response_ = std::max<uint64_t>(current_response_, 1);
  for (; current_response_ < current_request_; ++current_response_) WriteAndRemove(current_response_);
}

void Transactions::Reply(const Version& version, uint32_t code, std::string_view reason) {
  const Pending* pending = Find(current_response_);
  const bool answered = pending == nullptr || (pending->transaction->record.status_code.has_value() &&
                                               !IsInformational(pending->transaction->record));
  if (answered) ++current_response_;
  HttpRecord& record = Select(Direction::kResp).record;
  record.status_code = code;
  record.status_msg = reason;
  record.version = version.ToString();
  if (code == 200 && record.method == "CONNECT") {
    model::RecordProxyTunnel(context_.records(), context_.now(), context_.flow().id, "Tunnel::HTTP");
  }
  if (!IsInformational(record)) return;
  record.info_code = code;
  record.info_msg = reason;
}

void Transactions::BeginEntity(Direction from) {
  Transaction& transaction = Select(from);
  transaction.has_entity = true;
  transaction.entity_filename.reset();
}

void Transactions::EndEntity() {
  if (current_ != nullptr) current_->has_entity = false;
}

void Transactions::Header(Direction from, Field field, const mime::Header& header) {
  Transaction& transaction = Select(from);
  if (from == Direction::kOrig) RequestHeader(transaction, field, header);
  EntityHeader(field, header.value);
}

void Transactions::RequestHeader(Transaction& transaction, Field field, const mime::Header& header) {
  HttpRecord& record = transaction.record;
  switch (field) {
    case Field::kReferer:
      record.referrer = header.value;
      return;
    case Field::kHost:
      record.host = header.value;
      return;
    case Field::kRange:
      transaction.range_request = true;
      return;
    case Field::kOrigin:
      record.origin = header.value;
      return;
    case Field::kUserAgent:
      record.user_agent = header.value;
      return;
    case Field::kAuthorization:
      return Authorization(record, header.value);
    case Field::kProxied: {
      if (!record.proxied) record.proxied.emplace();
      std::vector<std::string>& proxied = record.proxied->items;
      std::string entry = Upper(header.name) + " -> " + std::string(header.value);
      const bool known = std::find(proxied.begin(), proxied.end(), entry) != proxied.end();
      if (!known && proxied.size() < kMaxProxied) proxied.push_back(std::move(entry));
      return;
    }
    default:
      return;
  }
}

// Basic authentication (RFC 7617). The password is not kept.
void Transactions::Authorization(HttpRecord& record, std::string_view value) {
  constexpr std::string_view kScheme = "basic ";
  if (!mime::EqualsIgnoringCase(value.substr(0, kScheme.size()), kScheme)) return;
  std::string_view encoded = value.substr(kScheme.size());
  encoded.remove_prefix(std::min(encoded.find_first_not_of(" \t"), encoded.size()));
  const auto decoded = mime::DecodeBase64(context_, encoded);
  const size_t colon = decoded ? decoded->find(':') : std::string::npos;
  record.username =
      colon != std::string::npos ? decoded->substr(0, colon) : "<problem-decoding> (" + std::string(value) + ")";
}

void Transactions::EntityHeader(Field field, std::string_view value) {
  if (!current_->has_entity) {
    context_.Weird("missing_HTTP_entity");
    return;
  }
  const bool has_name = (field == Field::kContentDisposition && mime::HasParameter(value, "filename", true)) ||
                        (field == Field::kContentType && mime::HasParameter(value, "name", false));
  if (has_name) current_->entity_filename = mime::Filename(value);
}

void Transactions::MessageDone(Direction from, uint64_t body_length) {
  HttpRecord& record = Select(from).record;
  if (from == Direction::kOrig) {
    record.request_body_len = body_length;
    return;
  }
  record.response_body_len = body_length;
  // After an informational response the real one is still to come.
  if (!IsInformational(record)) WriteAndRemove(current_response_);
}

void Transactions::Finish() {
  for (const Pending& pending : pending_) {
    // Nothing but a message without a beginning has number 0.
    if (pending.number > 0) model::Write(context_.records(), pending.transaction->record);
  }
  pending_.clear();
  current_.reset();
}

std::unique_ptr<BodyFile> Transactions::OpenFile(Direction from, bool partial) {
  FileOrigin origin{.source = "HTTP", .from = from};
  if (current_->has_entity) origin.filename = current_->entity_filename;
  // All ranges of a URL are one file, which is named by the first record that has a part of it.
  const bool shared = partial && from == Direction::kResp && current_->range_request;
  std::shared_ptr<File> file = shared ? ranges_.Open(Url(), origin, context_) : context_.OpenFile(origin);
  const bool named = shared && std::find(named_.begin(), named_.end(), file->fuid()) != named_.end();
  auto owner = named ? std::make_shared<Transaction>() : current_;
  if (!named) NameFile(*file, from);
  if (shared && !named && named_.size() < kMaxRangeFiles) named_.push_back(file->fuid());
  auto body = std::make_unique<BodyFile>(std::move(file), std::move(owner), from);
  if (partial) body->set_goes_on();
  return body;
}

void Transactions::NameFile(const File& file, Direction from) {
  HttpRecord& record = current_->record;
  auto& fuids = from == Direction::kOrig ? record.orig_fuids : record.resp_fuids;
  if (fuids && fuids->size() >= kMaxFiles) return;
  Append(fuids, file.fuid());
  if (!current_->has_entity || !current_->entity_filename) return;
  Append(from == Direction::kOrig ? record.orig_filenames : record.resp_filenames, *current_->entity_filename);
}

// Who fetches what.
std::string Transactions::Url() const {
  const HttpRecord& record = current_->record;
  std::string url = record.id.orig_h.ToString() + ' ';
  url += record.host ? *record.host : record.id.resp_h.ToString();
  url += ':' + std::to_string(record.id.resp_p.number);
  url += record.uri ? *record.uri : "/<missed_request>";
  return url;
}

// The transaction that `from`'s current message belongs to; begins one if there is none.
Transaction& Transactions::Select(Direction from) {
  const uint64_t number = from == Direction::kOrig ? current_request_ : current_response_;
  if (const Pending* pending = Find(number)) {
    current_ = pending->transaction;
    return *current_;
  }
  current_ = std::make_shared<Transaction>();
  const model::FlowInfo& flow = context_.flow();
  current_->record.ts = context_.now();
  current_->record.uid = flow.uid;
  current_->record.id = flow.id;
  current_->record.trans_depth = ++depth_;
  pending_.push_back({number, current_});
  return *current_;
}

const Transactions::Pending* Transactions::Find(uint64_t number) const {
  for (const Pending& pending : pending_) {
    if (pending.number == number) return &pending;
  }
  return nullptr;
}

void Transactions::Remove(uint64_t number) {
  std::erase_if(pending_, [number](const Pending& pending) { return pending.number == number; });
}

void Transactions::WriteAndRemove(uint64_t number) {
  const Pending* pending = Find(number);
  if (pending == nullptr) return;
  model::Write(context_.records(), pending->transaction->record);
  Remove(number);
}

}  // namespace quaywatch::analyze::http
