// SPDX-License-Identifier: Apache-2.0
#include "analyze/mime/base64.h"

#include <array>

namespace quaywatch::analyze::mime {
namespace {

constexpr int8_t kNoDigit = -1;

constexpr std::array<int8_t, 256> MakeDigits() {
  std::array<int8_t, 256> digits{};
  digits.fill(kNoDigit);
  int8_t value = 0;
  for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")) {
    digits[static_cast<uint8_t>(c)] = value++;
  }
  digits['='] = 0;
  return digits;
}

constexpr std::array<int8_t, 256> kDigits = MakeDigits();

}  // namespace

void Base64Decoder::Decode(std::string_view text, std::string& out) {
  for (const char c : text) {
    const int8_t digit = kDigits[static_cast<uint8_t>(c)];
    if (digit == kNoDigit) {
      Fail("character " + std::to_string(c) + " ignored by Base64 decoding");
      continue;
    }
    if (c == '=') ++padding_;
    group_ = group_ << 6 | static_cast<uint32_t>(digit);
    if (++digits_ == 4) Group(out);
  }
}

void Base64Decoder::Group(std::string& out) {
  if (after_padding_) {
    Fail("extra base64 groups after '=' padding are ignored");
  } else {
    const int octets = 3 - padding_;
    for (int i = 0; i < octets; ++i) out += static_cast<char>(group_ >> (16 - 8 * i));
    after_padding_ = padding_ > 0;
  }
  group_ = 0;
  digits_ = 0;
  padding_ = 0;
}

void Base64Decoder::Finish(std::string& out) {
  if (digits_ == 0) return;
  const int missing = 4 - digits_;
  context_.Weird("base64_illegal_encoding",
                 "incomplete base64 group, padding with " + std::to_string(missing * 6) + " bits of 0", "");
  Decode(std::string_view("===").substr(0, static_cast<size_t>(missing)), out);
}

void Base64Decoder::Fail(std::string_view why) {
  if (!failed_) context_.Weird("base64_illegal_encoding", why, "");
  failed_ = true;
}

std::optional<std::string> DecodeBase64(Context& context, std::string_view text) {
  Base64Decoder decoder(context);
  std::string out;
  decoder.Decode(text, out);
  if (decoder.failed()) return std::nullopt;
  decoder.Finish(out);
  return out;
}

}  // namespace quaywatch::analyze::mime
