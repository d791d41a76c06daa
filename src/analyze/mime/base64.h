// SPDX-License-Identifier: Apache-2.0
//
// Base64 (RFC 4648, 4) from hostile hands: what is no base64 is skipped and reported once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "analyze/context.h"

namespace quaywatch::analyze::mime {

class Base64Decoder {
 public:
  // `context` hears of base64_illegal_encoding; it must outlive this.
  explicit Base64Decoder(Context& context) : context_(context) {}

  // Appends what `text` decodes to; a group may go on in the next call.
  void Decode(std::string_view text, std::string& out);
  // The end: a group that lacks digits is filled up with zeros.
  void Finish(std::string& out);
  // Something was skipped.
  bool failed() const { return failed_; }

 private:
  void Group(std::string& out);
  void Fail(std::string_view why);

  Context& context_;
  uint32_t group_ = 0;
  uint8_t digits_ = 0;   // in the group
  uint8_t padding_ = 0;  // "=" in the group
  bool after_padding_ = false;
  bool failed_ = false;
};

// A whole text at once, as in HTTP's and SMTP's authentication; nothing if there is something else than
// base64 in it.
std::optional<std::string> DecodeBase64(Context& context, std::string_view text);

}  // namespace quaywatch::analyze::mime
