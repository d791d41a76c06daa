// SPDX-License-Identifier: Apache-2.0
//
// MIME entities (RFC 2045, 2046): headers and a body, which may hold further entities. A service for
// protocols that carry them (HTTP, SMTP): they deliver lines, and a Message of theirs hears of entities,
// headers and decoded bytes. Lenient as Zeek is; broken input is taken for what it most likely means.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "analyze/context.h"
#include "analyze/mime/base64.h"

namespace quaywatch::analyze::mime {

// Entities inside entities are looked at down to this depth; deeper ones are left out.
inline constexpr size_t kMaxDepth = 100;
// A header with all its folded lines; what exceeds it is left out.
inline constexpr size_t kMaxHeader = 256 * 1024;
// A boundary may have 70 characters (RFC 2046, 5.1.1); a longer one than this makes no multipart.
inline constexpr size_t kMaxBoundary = 1024;

// Views are valid during the call. `value` is without leading blanks, folded lines strung together.
struct Header {
  std::string_view name;
  std::string_view value;
  bool folded = false;
};

enum class ContentType : uint8_t { kMultipart, kMessage, kText, kOther };
enum class TransferEncoding : uint8_t { kNone, kQuotedPrintable, kBase64 };

class Entity;

// Hears of one message's entities, the top-level one and those inside, in the order they appear.
class Message {
 public:
  explicit Message(Context& context) : context_(context) {}
  virtual ~Message() = default;

  virtual void OnBegin(Entity&) {}
  virtual void OnHeader(Entity&, const Header&) {}
  // All headers of the entity were seen.
  virtual void OnHeaders(Entity&) {}
  // The next decoded bytes of an entity that holds no others; valid during the call.
  virtual void OnData(Entity&, std::string_view) {}
  virtual void OnEnd(Entity&) {}

  Context& context() { return context_; }

 private:
  friend class Entity;
  Context& context_;
  // The header being put together. One for all entities, as no two have an unfinished one at a time.
  std::string header_;
};

// Begins in its header. Made by the protocol for the top level, by itself for what is inside. Protocols
// with framing of their own derive from it.
class Entity {
 public:
  // Does not call OnBegin for a top-level entity: the protocol's Message may not be ready; Begin() does.
  explicit Entity(Message& message, Entity* parent = nullptr);
  virtual ~Entity() = default;
  Entity(const Entity&) = delete;
  Entity& operator=(const Entity&) = delete;

  void Begin() { message_.OnBegin(*this); }
  // A line of header or body without its end; or bytes of the body that are followed by no line end.
  virtual void Deliver(std::string_view data, bool ends_line);
  // No more bytes will come. Once; further calls do nothing.
  virtual void End();

  Message& message() const { return message_; }
  Entity* parent() const { return parent_; }
  // 0 for the top level.
  size_t depth() const { return depth_; }
  ContentType content_type() const { return content_type_; }
  // Holds other entities rather than bytes.
  bool is_container() const { return content_type_ <= ContentType::kMessage; }
  TransferEncoding transfer_encoding() const { return transfer_encoding_; }
  bool in_header() const { return in_header_; }
  bool ended() const { return ended_; }

 protected:
  virtual void OnHeader(const Header& header) { message_.OnHeader(*this, header); }
  virtual void OnHeaders() { message_.OnHeaders(*this); }
  virtual void OnData(std::string_view data) { message_.OnData(*this, data); }
  virtual std::unique_ptr<Entity> MakeChild() { return std::make_unique<Entity>(message_, this); }
  // Headers follow again (HTTP's trailers).
  void ReopenHeader() { in_header_ = true; }

 private:
  enum class Boundary : uint8_t { kNone, kDelimiter, kClosing };

  void HeaderLine(std::string_view line);
  void FinishHeader();
  void ParseContentType(std::string_view value);
  void ParseParameters(std::string_view text);
  void BodyLine(std::string_view data, bool ends_line);
  Boundary CheckBoundary(std::string_view line) const;
  void BeginChild();
  void EndChild();
  void Decode(std::string_view data, bool ends_line);
  void DecodeQuotedPrintable(std::string_view data, bool ends_line);
  void DecodeBase64(std::string_view data);

  Message& message_;
  Entity* const parent_;
  const size_t depth_;
  std::unique_ptr<Entity> child_;
  std::optional<std::string> boundary_;
  std::optional<Base64Decoder> base64_;
  std::string held_;  // "=" and at most one character: an escape that may go on
  ContentType content_type_ = ContentType::kText;
  TransferEncoding transfer_encoding_ = TransferEncoding::kNone;
  bool has_header_ = false;  // message_.header_ holds one of this entity
  bool folded_ = false;
  bool in_header_ = true;
  bool ended_ = false;
  bool line_end_due_ = false;  // a line end that belongs to the body only if more of the body follows
};

}  // namespace quaywatch::analyze::mime
