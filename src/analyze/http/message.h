// SPDX-License-Identifier: Apache-2.0
//
// A request or a response behind its first line.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "analyze/http/entity.h"
#include "analyze/http/match.h"
#include "analyze/http/types.h"
#include "analyze/lines.h"
#include "analyze/mime/entity.h"

namespace quaywatch::analyze::http {

// What a message asks and tells the connection it is part of.
class MessageOwner {
 public:
  virtual ~MessageOwner() = default;
  // The version that decides whether a body may be chunked.
  virtual Version framing_version() const = 0;
  // Of the response being read; 0 if there is none.
  virtual uint32_t status_code() const = 0;
  // A response has announced that the connection ends with it.
  virtual bool closes() const = 0;
  virtual void OnHeader(model::Direction from, Field field, const mime::Header& header) = 0;
  virtual void OnMessageDone(model::Direction from) = 0;
};

// One for each side of a connection, used for one message after the other.
class HttpMessage final : public mime::Message {
 public:
  HttpMessage(model::Direction from, Context& context, MessageOwner& owner, Transactions& transactions, Lines& lines)
      : Message(context), from_(from), owner_(owner), transactions_(transactions), lines_(lines) {}

  // Its first line was seen.
  void Start(Body body);
  void Deliver(std::string_view data, bool ends_line) { top_->Deliver(data, ends_line); }
  bool Gap(uint64_t length);
  // No more of it will come. Tells the owner, once.
  void Done();
  bool started() const { return top_.has_value(); }
  // The innermost entity that has not ended.
  HttpEntity* current() { return current_; }
  // Bytes that entities inside the message's own may still have.
  uint64_t left_of_container() const { return top_->left_of_container(); }
  // As if none had ever begun. REQUIRES: done.
  void Forget() {
    current_ = nullptr;
    top_.reset();
  }

  model::Direction from() const { return from_; }
  MessageOwner& owner() { return owner_; }
  Transactions& transactions() { return transactions_; }
  Lines& lines() { return lines_; }

 private:
  void OnBegin(mime::Entity& entity) override;
  void OnEnd(mime::Entity& entity) override;

  const model::Direction from_;
  MessageOwner& owner_;
  Transactions& transactions_;
  Lines& lines_;
  std::optional<HttpEntity> top_;
  HttpEntity* current_ = nullptr;  // the innermost that has not ended
  bool done_ = false;
};

}  // namespace quaywatch::analyze::http
