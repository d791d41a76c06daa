// SPDX-License-Identifier: Apache-2.0
//
// For tests: writes DNS messages.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace quaywatch::analyze::dns {

class MessageBuilder {
 public:
  // `flags` is the header's second word: 0x0100 a usual question, 0x8180 a usual answer.
  MessageBuilder(uint16_t id, uint16_t flags, uint16_t questions, uint16_t answers, uint16_t authorities = 0) {
    U16(id).U16(flags).U16(questions).U16(answers).U16(authorities).U16(0);
  }

  MessageBuilder& U8(uint8_t number) {
    text_.push_back(static_cast<char>(number));
    return *this;
  }
  MessageBuilder& U16(uint16_t number) { return U8(number >> 8).U8(number & 0xff); }
  MessageBuilder& U32(uint32_t number) { return U16(number >> 16).U16(number & 0xffff); }
  MessageBuilder& Raw(std::string_view bytes) {
    text_ += bytes;
    return *this;
  }
  // "a.example", without compression.
  MessageBuilder& Name(std::string_view name) {
    while (!name.empty()) {
      const std::string_view label = name.substr(0, name.find('.'));
      U8(static_cast<uint8_t>(label.size())).Raw(label);
      name.remove_prefix(label.size() < name.size() ? label.size() + 1 : label.size());
    }
    return U8(0);
  }
  MessageBuilder& Question(std::string_view name, uint16_t type, uint16_t klass = 1) {
    return Name(name).U16(type).U16(klass);
  }
  // The owner is a pointer to the first question.
  MessageBuilder& Record(uint16_t type, std::string_view rdata, uint32_t ttl = 60, uint16_t klass = 1) {
    return U16(0xc00c).U16(type).U16(klass).U32(ttl).U16(static_cast<uint16_t>(rdata.size())).Raw(rdata);
  }

  base::Bytes bytes() const { return base::AsBytes(text_); }
  // As sent over TCP.
  std::string Framed() const {
    return std::string{static_cast<char>(text_.size() >> 8), static_cast<char>(text_.size() & 0xff)} + text_;
  }

 private:
  std::string text_;
};

}  // namespace quaywatch::analyze::dns
