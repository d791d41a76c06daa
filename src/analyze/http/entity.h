// SPDX-License-Identifier: Apache-2.0
//
// What a message holds: headers, and a body in one of HTTP's framings (RFC 9112, 6 and 7), possibly
// compressed, possibly of further entities.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "analyze/http/inflate.h"
#include "analyze/http/match.h"
#include "analyze/http/types.h"
#include "analyze/mime/entity.h"

namespace quaywatch::analyze::http {

class HttpMessage;

// The message's own entity, or one inside a multipart body.
class HttpEntity final : public mime::Entity, private InflateSink {
 public:
  HttpEntity(HttpMessage& message, mime::Entity* parent, Body body);

  void Deliver(std::string_view data, bool ends_line) override;
  void End() override;
  // `length` bytes are missing. False if not all of them belong to the body, so that nothing is known of
  // what follows.
  bool Gap(uint64_t length);
  // Decompressed bytes of the body so far.
  uint64_t body_length() const { return body_length_; }
  // Of a container with a length: bytes still to come.
  uint64_t left_of_container() const {
    return is_container() && content_length_ ? static_cast<uint64_t>(std::max<int64_t>(left_, 0)) : UINT64_MAX;
  }
  bool has_length() const { return content_length_.has_value(); }
  void CloseFile() { file_.reset(); }

 private:
  enum class Chunk : uint8_t { kNone, kExpected, kSize, kData, kDataEnd, kTrailer, kDone };

  bool is_counted_body() const { return !in_header() && !ended() && !is_container() && content_length_.has_value(); }
  void OnHeader(const mime::Header& header) override;
  void OnHeaders() override;
  void OnData(std::string_view data) override;
  std::unique_ptr<mime::Entity> MakeChild() override;
  void OnInflated(std::string_view data) override { DeliverDecoded(data, false); }

  void ContentLength(std::string_view value);
  void ContentRangeHeader(std::string_view value);
  void TransferEncodingHeader(std::string_view value);
  void ContentEncoding(std::string_view value);
  void Expect(std::string_view value);
  void CheckRangeLength();
  void BeginBody();

  void DeliverContainer(std::string_view data, bool ends_line);
  void DeliverChunked(std::string_view data);
  void DeliverCounted(std::string_view data);
  void DeliverBody(std::string_view data, bool ends_line);
  void DeliverDecoded(std::string_view data, bool ends_line);
  void Weird(std::string_view name, std::string_view addl = {});

  HttpMessage& http_;
  std::unique_ptr<BodyFile> file_;
  std::unique_ptr<Inflater> inflater_;
  std::optional<int64_t> content_length_;
  std::optional<int64_t> instance_length_;  // of Content-Range
  int64_t range_length_ = 0;
  uint64_t range_offset_ = 0;
  uint64_t body_length_ = 0;
  int64_t left_ = 0;  // of the body or chunk; may get negative where lines are counted
  Body body_;
  Chunk chunk_ = Chunk::kNone;
  bool is_partial_ = false;
  bool compressed_ = false;
  bool inflating_ = false;  // inflater_ is at work and must stay
  bool expects_continue_ = false;
  bool size_told_ = false;
};

}  // namespace quaywatch::analyze::http
