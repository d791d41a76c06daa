// SPDX-License-Identifier: Apache-2.0
//
// What holds for any bytes: a line stays a line of UTF-8, and the bytes can be had back.
#include "emit/escape.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace quaywatch::emit {
namespace {

// Bytes as a hostile sender would choose them: mostly those that mean something.
std::string RandomText(std::mt19937& random) {
  static constexpr std::string_view kPieces[] = {"\t",
                                                 "\n",
                                                 "\\",
                                                 ",",
                                                 "-",
                                                 "(empty)",
                                                 "\"",
                                                 "\xc3\xb1",
                                                 "\\x41",
                                                 "\xe2\x82\xac",
                                                 "\xf0\x9f\x98\x80",
                                                 "\xed\xa0\x80",
                                                 "abc",
                                                 "#",
                                                 "\x7f",
                                                 "\xc2\x85",
                                                 "\xff",
                                                 "plain text "};
  std::string text;
  for (auto count = random() % 6; count > 0; --count) {
    if (random() % 3 == 0) {
      text += static_cast<char>(random());
    } else {
      text += kPieces[random() % std::size(kPieces)];
    }
  }
  return text;
}

int Digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

std::string Unescaped(std::string_view text) {
  std::string raw;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      raw += text[i];
    } else if (text[i + 1] == '\\') {
      raw += '\\';
      ++i;
    } else {
      EXPECT_EQ(text[i + 1], 'x');
      raw += static_cast<char>(Digit(text[i + 2]) * 16 + Digit(text[i + 3]));
      i += 3;
    }
  }
  return raw;
}

bool IsUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<uint8_t>(text[i]);
    const size_t length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (length == 0 || i + length > text.size()) return false;
    for (size_t j = 1; j < length; ++j) {
      if ((static_cast<uint8_t>(text[i + j]) & 0xc0) != 0x80) return false;
    }
    i += length;
  }
  return true;
}

bool HasControl(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7f; });
}

TEST(Escape, TsvKeepsEveryByteAndEveryLine) {
  std::mt19937 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const std::string text = RandomText(random);
    const bool in_list = random() % 2 == 0;
    Text out;
    PutTsvText(out, text, in_list);
    const std::string_view line = out.view();
    EXPECT_FALSE(HasControl(line)) << line;
    EXPECT_TRUE(IsUtf8(line)) << line;
    EXPECT_NE(line, "-");
    EXPECT_TRUE(!in_list || line.find(',') == std::string_view::npos) << line;
    if (text.empty()) {
      EXPECT_EQ(line, "(empty)");
    } else {
      EXPECT_NE(line, "(empty)");
      EXPECT_EQ(Unescaped(line), text) << line;
    }
  }
}

TEST(Escape, JsonStaysAStringOfUtf8) {
  std::mt19937 random(2);
  for (int i = 0; i < 100'000; ++i) {
    const std::string text = RandomText(random);
    Text out;
    PutJsonText(out, text);
    const std::string_view line = out.view();
    EXPECT_TRUE(IsUtf8(line)) << line;
    for (size_t at = 0; at < line.size(); ++at) {
      EXPECT_GE(static_cast<uint8_t>(line[at]), 0x20) << line;
      EXPECT_NE(line[at], '"') << line;
      if (line[at] != '\\') continue;
      EXPECT_NE(std::string_view("\"\\bfnrtu").find(line[++at]), std::string_view::npos) << line;
    }
  }
}

TEST(Escape, TerminalGetsNoControlCharacters) {
  std::mt19937 random(3);
  for (int i = 0; i < 100'000; ++i) {
    Text out;
    PutTerminalText(out, RandomText(random));
    EXPECT_FALSE(HasControl(out.view())) << out.view();
    EXPECT_TRUE(IsUtf8(out.view())) << out.view();
  }
}

}  // namespace
}  // namespace quaywatch::emit
