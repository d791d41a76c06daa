// SPDX-License-Identifier: Apache-2.0
#include "analyze/mime/entity.h"

#include "analyze/mime/text.h"

namespace quaywatch::analyze::mime {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

int Hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

ContentType TypeOf(std::string_view word) {
  if (EqualsIgnoringCase(word, "multipart")) return ContentType::kMultipart;
  if (EqualsIgnoringCase(word, "message")) return ContentType::kMessage;
  if (EqualsIgnoringCase(word, "text")) return ContentType::kText;
  return ContentType::kOther;
}

TransferEncoding EncodingOf(std::string_view word) {
  if (EqualsIgnoringCase(word, "quoted-printable")) return TransferEncoding::kQuotedPrintable;
  if (EqualsIgnoringCase(word, "base64")) return TransferEncoding::kBase64;
  return TransferEncoding::kNone;
}

}  // namespace

Entity::Entity(Message& message, Entity* parent)
    : message_(message),
      parent_(parent),
      depth_(parent != nullptr ? parent->depth_ + 1 : 0),
      transfer_encoding_(parent != nullptr ? parent->transfer_encoding_ : TransferEncoding::kNone) {}

void Entity::Deliver(std::string_view data, bool ends_line) {
  if (!in_header_) return BodyLine(data, ends_line);
  if (!data.empty() && data[0] != '\0') return HeaderLine(data);
  FinishHeader();
  in_header_ = false;
  OnHeaders();
  if (ended_) return;
  if (transfer_encoding_ == TransferEncoding::kBase64) base64_.emplace(message_.context_);
  if (content_type_ == ContentType::kMessage) BeginChild();
}

void Entity::End() {
  if (ended_) return;
  ended_ = true;
  if (in_header_) {
    FinishHeader();
    in_header_ = false;
    OnHeaders();
  } else {
    if (child_ != nullptr) EndChild();
    if (base64_) {
      std::string rest;
      base64_->Finish(rest);
      base64_.reset();
      if (!rest.empty()) OnData(rest);
    }
    if (!held_.empty()) OnData(held_);
  }
  message_.OnEnd(*this);
}

void Entity::HeaderLine(std::string_view line) {
  if (IsBlank(line[0]) && has_header_) {
    folded_ = true;
    const size_t room = kMaxHeader - message_.header_.size();
    message_.header_.append(line.substr(0, room));
    return;
  }
  FinishHeader();
  while (!line.empty() && IsBlank(line[0])) line.remove_prefix(1);
  if (line.empty()) return;
  has_header_ = true;
  folded_ = false;
  message_.header_.assign(line.substr(0, kMaxHeader));
}

void Entity::FinishHeader() {
  if (!has_header_) return;
  has_header_ = false;
  const auto split = SplitHeader(message_.header_);
  if (!split) return;
  const Header header{split->name, split->value, folded_};
  if (EqualsIgnoringCase(header.name, "content-type")) {
    ParseContentType(header.value);
  } else if (EqualsIgnoringCase(header.name, "content-transfer-encoding")) {
    std::string_view rest = header.value;
    const std::string_view word = TakeToken(rest);
    if (!word.empty()) transfer_encoding_ = EncodingOf(word);
  }
  OnHeader(header);
}

void Entity::ParseContentType(std::string_view value) {
  const std::string_view type = TakeToken(value);
  value = SkipBlanks(value);
  if (type.empty() || !value.starts_with('/')) return;
  value.remove_prefix(1);
  if (TakeToken(value).empty()) return;
  content_type_ = TypeOf(type);
  if (!is_container()) return;
  ParseParameters(value);
  if (content_type_ == ContentType::kMultipart && !boundary_) content_type_ = ContentType::kOther;
}

void Entity::ParseParameters(std::string_view text) {
  for (;;) {
    text = SkipBlanks(text);
    if (!text.starts_with(';')) return;
    text.remove_prefix(1);
    const std::string_view name = TakeToken(text);
    if (name.empty()) return;
    text = SkipBlanks(text);
    if (!text.starts_with('=')) continue;
    text.remove_prefix(1);
    const bool is_boundary = content_type_ == ContentType::kMultipart && EqualsIgnoringCase(name, "boundary");
    auto value = TakeValue(text, is_boundary);
    if (is_boundary && value && value->size() <= kMaxBoundary) boundary_ = std::move(value);
  }
}

void Entity::BodyLine(std::string_view data, bool ends_line) {
  if (content_type_ == ContentType::kMultipart) {
    const Boundary boundary = CheckBoundary(data);
    if (boundary != Boundary::kNone) {
      if (child_ != nullptr) EndChild();
      if (boundary == Boundary::kClosing) {
        End();
      } else if (!ended_) {
        BeginChild();
      }
      return;
    }
  }
  if (!is_container()) return Decode(data, ends_line);
  // What comes before the first boundary is for nobody.
  if (child_ != nullptr) child_->Deliver(data, ends_line);
}

Entity::Boundary Entity::CheckBoundary(std::string_view line) const {
  if (!line.starts_with("--") || !line.substr(2).starts_with(*boundary_)) return Boundary::kNone;
  return line.substr(2 + boundary_->size()).starts_with("--") ? Boundary::kClosing : Boundary::kDelimiter;
}

void Entity::BeginChild() {
  if (depth_ >= kMaxDepth) return message_.context_.Weird("exceeded_mime_max_depth");
  child_ = MakeChild();
  child_->Begin();
}

void Entity::EndChild() {
  child_->End();
  child_.reset();
}

void Entity::Decode(std::string_view data, bool ends_line) {
  if (transfer_encoding_ == TransferEncoding::kQuotedPrintable) return DecodeQuotedPrintable(data, ends_line);
  if (transfer_encoding_ == TransferEncoding::kBase64) return DecodeBase64(data);
  if (line_end_due_) OnData(kLineEnd);
  line_end_due_ = false;
  if (!data.empty()) OnData(data);
  if (!ends_line) return;
  // Inside a multipart the last line end belongs to the boundary (RFC 2046, 5.1.1).
  if (parent_ != nullptr && parent_->content_type_ == ContentType::kMultipart) {
    line_end_due_ = true;
  } else {
    OnData(kLineEnd);
  }
}

void Entity::DecodeQuotedPrintable(std::string_view data, bool ends_line) {
  const std::string joined = held_.empty() ? std::string() : held_ + std::string(data);
  const std::string_view text = held_.empty() ? data : std::string_view(joined);
  held_.clear();
  size_t end = text.size();
  while (ends_line && end > 0 && IsBlank(text[end - 1])) --end;
  std::string out;
  out.reserve(end + kLineEnd.size());
  bool soft_break = false;
  for (size_t i = 0; i < end; ++i) {
    if (text[i] != '=') {
      out += text[i];
    } else if (!ends_line && i + 2 >= end) {
      held_ = text.substr(i);
      break;
    } else if (i + 1 == end) {
      soft_break = true;
    } else if (i + 2 < text.size() && Hex(text[i + 1]) >= 0 && Hex(text[i + 2]) >= 0) {
      out += static_cast<char>(Hex(text[i + 1]) << 4 | Hex(text[i + 2]));
      i += 2;
    } else {
      out += '=';
    }
  }
  if (ends_line && !soft_break) out += kLineEnd;
  if (!out.empty()) OnData(out);
}

void Entity::DecodeBase64(std::string_view data) {
  if (!base64_) return;
  std::string out;
  out.reserve(data.size() / 4 * 3 + 3);
  base64_->Decode(data, out);
  if (!out.empty()) OnData(out);
}

}  // namespace quaywatch::analyze::mime
