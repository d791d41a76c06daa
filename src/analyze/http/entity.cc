// SPDX-License-Identifier: Apache-2.0
#include "analyze/http/entity.h"

#include <algorithm>
#include <limits>

#include "analyze/http/message.h"
#include "analyze/http/parse.h"
#include "analyze/mime/text.h"

namespace quaywatch::analyze::http {
namespace {

using mime::ContentType;
using model::Direction;

std::string_view FirstToken(std::string_view value) { return mime::TakeToken(value); }

bool IsMultipart(const mime::Entity* entity) {
  return entity != nullptr && entity->content_type() == ContentType::kMultipart;
}

}  // namespace

HttpEntity::HttpEntity(HttpMessage& message, mime::Entity* parent, Body body)
    : Entity(message, parent), http_(message), body_(body) {}

void HttpEntity::Weird(std::string_view name, std::string_view addl) { http_.context().Weird(name, addl); }

// ---- headers -------------------------------------------------------------------------------------

void HttpEntity::OnHeader(const mime::Header& header) {
  if (depth() == 0 && header.folded) Weird("HTTP_obsolete_line_folding", header.name);
  const Field field = FieldOf(header.name);
  switch (field) {
    case Field::kContentLength:
      ContentLength(header.value);
      break;
    case Field::kContentRange:
      if (http_.owner().status_code() == 206) ContentRangeHeader(header.value);
      break;
    case Field::kTransferEncoding:
      TransferEncodingHeader(header.value);
      break;
    case Field::kContentEncoding:
      ContentEncoding(header.value);
      break;
    case Field::kExpect:
      Expect(header.value);
      break;
    default:
      break;
  }
  http_.owner().OnHeader(http_.from(), field, header);
}

void HttpEntity::ContentLength(std::string_view value) {
  // One of both is a lie that may hide a second message (request smuggling).
  if (chunk_ != Chunk::kNone) Weird("HTTP_content_length_and_chunked");
  const std::string_view token = FirstToken(value);
  if (token.empty()) return;
  const auto length = ParseNumber(token, 10);
  if (!length || *length < 0) {
    Weird("HTTP_bad_content_length", token);
    content_length_ = 0;
    return;
  }
  if (*length > 0 && token[0] == '0') Weird("HTTP_content_length_leading_zeros", token);
  content_length_ = length;
  if (is_partial_) CheckRangeLength();
  if (*content_length_ == 0 && expects_continue_) Weird("HTTP_content_length_0_and_expect_100_cont");
}

void HttpEntity::ContentRangeHeader(std::string_view value) {
  if (chunk_ != Chunk::kNone) Weird("HTTP_content_range_and_chunked");
  const auto range = ParseContentRange(value);
  if (!range) return Weird(range.error().weird, range.error().details);
  if (!range->bad_instance.empty()) Weird("HTTP_content_range_invalid_instance", range->bad_instance);
  if (range->instance_length) instance_length_ = range->instance_length;
  is_partial_ = true;
  range_offset_ = static_cast<uint64_t>(range->first);
  range_length_ = range->length();
  if (content_length_.value_or(0) > 0) {
    CheckRangeLength();
  } else {
    content_length_ = range_length_;
  }
}

// Where both disagree, the larger counts, lest something escape.
void HttpEntity::CheckRangeLength() {
  if (range_length_ == *content_length_) return;
  Weird("HTTP_range_not_matching_len");
  content_length_ = std::max(*content_length_, range_length_);
}

void HttpEntity::TransferEncodingHeader(std::string_view value) {
  if (depth() > 0) return Weird("HTTP_nested_transfer_encoding_header");
  const std::string_view token = mime::TakeToken(value);
  if (!mime::EqualsIgnoringCase(token, "chunked") || http_.owner().framing_version() != kHttp11) return;
  chunk_ = Chunk::kExpected;
  if (!value.empty()) Weird("HTTP_chunked_multi", value);
  if (content_length_) Weird("HTTP_content_length_and_chunked");
}

void HttpEntity::ContentEncoding(std::string_view value) {
  const std::string_view token = FirstToken(value);
  compressed_ = compressed_ || mime::EqualsIgnoringCase(token, "gzip") || mime::EqualsIgnoringCase(token, "x-gzip") ||
                mime::EqualsIgnoringCase(token, "deflate");
}

void HttpEntity::Expect(std::string_view value) {
  const std::string_view token = FirstToken(value);
  if (!mime::EqualsIgnoringCase(token, "100-continue")) Weird("HTTP_expect_not_100_continue", token);
  expects_continue_ = true;
  if (content_length_ == 0) Weird("HTTP_content_length_0_and_expect_100_cont");
}

void HttpEntity::OnHeaders() {
  if (IsMultipart(parent())) {
    // Lone CRs and LFs are part of what the entity holds.
    http_.lines().SetReport(false);
    http_.lines().SetEnds(Lines::Ends::kCrlfOnly);
  }
  if (chunk_ == Chunk::kTrailer) {
    chunk_ = Chunk::kDone;
    return End();
  }
  if (body_ == Body::kNone) return End();
  BeginBody();
}

void HttpEntity::BeginBody() {
  const bool is_counted = content_length_.has_value();
  if (is_counted) left_ = *content_length_;
  if (is_container()) {
    if (chunk_ != Chunk::kNone) Weird("HTTP_chunked_transfer_for_multipart_message");
    if (depth() > 0 || !is_counted) return;
    if (left_ == 0) return End();
    http_.lines().SetBlock(static_cast<uint64_t>(left_));
  } else if (chunk_ != Chunk::kNone) {
    chunk_ = Chunk::kSize;
  } else if (is_counted) {
    if (left_ == 0) return End();
    http_.lines().SetPlain(std::min(static_cast<uint64_t>(left_), http_.left_of_container()));
  } else if (http_.owner().closes() || compressed_) {
    http_.lines().SetPlain(std::numeric_limits<uint64_t>::max());
  } else if (body_ != Body::kExpected) {
    End();
  }
}

// ---- body ----------------------------------------------------------------------------------------

void HttpEntity::Deliver(std::string_view data, bool ends_line) {
  if (ended()) return;
  if (in_header()) {
    if (!ends_line) Weird("http_no_crlf_in_header_list");
    return Entity::Deliver(data, ends_line);
  }
  if (is_container()) return DeliverContainer(data, ends_line);
  if (chunk_ != Chunk::kNone) return DeliverChunked(data);
  if (content_length_) return DeliverCounted(data);
  DeliverBody(data, ends_line);
}

void HttpEntity::DeliverContainer(std::string_view data, bool ends_line) {
  const bool is_counted = depth() == 0 && content_length_.value_or(0) > 0;
  if (is_counted) left_ -= static_cast<int64_t>(data.size()) + (ends_line ? 2 : 0);
  HttpEntity* const inner = http_.current();
  if (inner != this && inner->is_counted_body() && !compressed_) {
    // These are no lines: what looks like a boundary in them is none.
    body_length_ += data.size();
    inner->Deliver(data, ends_line);
  } else {
    DeliverBody(data, ends_line);
  }
  if (!is_counted || left_ > 0) return;
  http_.lines().SetPlain(0);
  End();
}

void HttpEntity::DeliverChunked(std::string_view data) {
  switch (chunk_) {
    case Chunk::kSize: {
      const auto size = ParseNumber(data, 16);
      if (!size) Weird("HTTP_bad_chunk_size", data);
      left_ = size.value_or(0);
      if (left_ > 0) {
        chunk_ = Chunk::kData;
        http_.lines().SetPlain(static_cast<uint64_t>(left_));
      } else {
        chunk_ = Chunk::kTrailer;
        ReopenHeader();
      }
      return;
    }
    case Chunk::kData:
      left_ -= static_cast<int64_t>(data.size());
      if (left_ <= 0) {
        http_.lines().SetPlain(0);
        chunk_ = Chunk::kDataEnd;
      }
      return DeliverBody(data, false);
    case Chunk::kDataEnd:
      chunk_ = Chunk::kSize;
      return;
    default:
      return;
  }
}

void HttpEntity::DeliverCounted(std::string_view data) {
  DeliverBody(data, false);
  left_ -= static_cast<int64_t>(data.size());
  if (left_ > 0) return;
  http_.lines().SetPlain(0);
  End();
}

void HttpEntity::DeliverBody(std::string_view data, bool ends_line) {
  if (!compressed_) return DeliverDecoded(data, ends_line);
  if (inflater_ == nullptr) inflater_ = std::make_unique<Inflater>(static_cast<InflateSink&>(*this));
  inflating_ = true;
  if (!inflater_->Feed(data)) http_.context().Weird("inflate_failed", {}, "ZIP");
  inflating_ = false;
  if (ended()) inflater_.reset();
}

void HttpEntity::DeliverDecoded(std::string_view data, bool ends_line) {
  if (ended()) return;
  body_length_ += data.size() + (ends_line ? 2 : 0);
  Entity::Deliver(data, ends_line);
}

void HttpEntity::OnData(std::string_view data) {
  if (file_ == nullptr) {
    const bool partial = http_.from() == Direction::kResp && http_.owner().status_code() == 206;
    file_ = http_.transactions().OpenFile(http_.from(), partial);
  }
  File& file = file_->file();
  if (!size_told_ && !compressed_) {
    const auto size = is_partial_ ? instance_length_ : content_length_;
    if (size.value_or(0) > 0) file.SetTotalBytes(static_cast<uint64_t>(*size));
  }
  size_told_ = true;
  if (is_partial_) {
    file.DataAt(range_offset_, base::AsBytes(data));
    range_offset_ += data.size();
  } else {
    file.Data(base::AsBytes(data));
  }
}

bool HttpEntity::Gap(uint64_t length) {
  if (body_length_ == 0 || (ended() && in_header())) return false;
  if (file_ != nullptr) file_->file().Gap(length);
  if (is_partial_) range_offset_ += length;
  const bool is_counted = chunk_ == Chunk::kNone && content_length_.has_value();
  if (!is_counted && chunk_ != Chunk::kData) return false;
  if (left_ < 0 || static_cast<uint64_t>(left_) < length) return false;
  body_length_ += length;
  left_ -= static_cast<int64_t>(length);
  http_.lines().SetPlain(static_cast<uint64_t>(left_));
  if (left_ > 0) return true;
  if (is_counted) {
    End();
  } else {
    chunk_ = Chunk::kDataEnd;
  }
  return true;
}

void HttpEntity::End() {
  if (!inflating_) inflater_.reset();
  Entity::End();
}

std::unique_ptr<mime::Entity> HttpEntity::MakeChild() {
  return std::make_unique<HttpEntity>(http_, this, Body::kExpected);
}

}  // namespace quaywatch::analyze::http
