// SPDX-License-Identifier: Apache-2.0
#include "analyze/http/message.h"

namespace quaywatch::analyze::http {

void HttpMessage::Start(Body body) {
  done_ = false;
  top_.emplace(*this, nullptr, body);
  top_->Begin();
}

void HttpMessage::OnBegin(mime::Entity& entity) {
  current_ = static_cast<HttpEntity*>(&entity);
  transactions_.BeginEntity(from_);
}

void HttpMessage::OnEnd(mime::Entity& entity) {
  transactions_.EndEntity();
  current_ = static_cast<HttpEntity*>(entity.parent());
  if (entity.parent() != nullptr && entity.parent()->content_type() == mime::ContentType::kMultipart) {
    lines_.SetReport(true);
    lines_.SetEnds(Lines::Ends::kAny);
  }
  if (&entity == &*top_) return Done();
  // A boundary among its headers may have ended a part that was about to count its bytes.
  if (static_cast<HttpEntity&>(entity).has_length()) lines_.SetPlain(0);
  static_cast<HttpEntity&>(entity).CloseFile();
}

bool HttpMessage::Gap(uint64_t length) {
  HttpEntity& entity = current_ != nullptr ? *current_ : *top_;
  return entity.Gap(length);
}

void HttpMessage::Done() {
  if (done_ || !top_) return;
  done_ = true;
  top_->End();
  top_->CloseFile();
  transactions_.MessageDone(from_, top_->body_length());
  owner_.OnMessageDone(from_);
}

}  // namespace quaywatch::analyze::http
