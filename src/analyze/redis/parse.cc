// SPDX-License-Identifier: Apache-2.0
#include "analyze/redis/parse.h"

#include <algorithm>

namespace quaywatch::analyze::redis {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0'; }

bool IsMap(char type) { return type == kMap || type == kAttribute; }

bool IsCollection(char type) { return type == kArray || type == kSet || type == kPush || IsMap(type); }

// Shown in braces, the others in brackets.
bool IsBraced(char type) { return IsMap(type) || type == kSet; }

// How what a subscriber is sent begins (redis.io, "Redis Pub/sub").
bool IsPublishing(std::string_view word) {
  constexpr auto kWords =
      std::to_array<std::string_view>({"message", "pmessage", "smessage", "subscribe", "psubscribe", "ssubscribe",
                                       "unsubscribe", "punsubscribe", "sunsubscribe"});
  return std::ranges::find(kWords, word) != kWords.end();
}

}  // namespace

size_t SplitInline(std::string_view line, std::array<std::string_view, kMaxArguments>& words) {
  size_t count = 0;
  size_t at = 0;
  while (true) {
    while (at < line.size() && IsSpace(line[at])) ++at;
    if (at == line.size()) return count;
    const size_t begin = at;
    char quote = 0;
    for (; at < line.size() && (quote != 0 || !IsSpace(line[at])); ++at) {
      const char c = line[at];
      if (quote == 0) {
        if (c == '"' || c == '\'') quote = c;
      } else if (c == '\\' && at + 1 < line.size() && line[at + 1] == quote) {
        ++at;
      } else if (c == quote) {
        quote = 0;
      }
    }
    if (count < kMaxArguments) words[count] = line.substr(begin, std::min(at - begin, kMaxShown));
    ++count;
  }
}

Parsed CommandParser::Next(base::Bytes& in, Command& command) {
  while (true) {
    Token token;
    switch (reader_.Next(in, token, elements_left_ == 0)) {
      case Reader::Outcome::kMore:
        return Parsed::kMore;
      case Reader::Outcome::kBroken:
        return Parsed::kBroken;
      case Reader::Outcome::kToken:
        break;
    }
    std::array<std::string_view, kMaxArguments> words;
    if (elements_left_ > 0) {
      if (token.type != kBulkString) return Parsed::kBroken;
      if (count_ < kMaxArguments) arguments_[count_] = token.text;
      ++count_;
      if (--elements_left_ > 0) continue;
      std::copy(arguments_.begin(), arguments_.end(), words.begin());
      command = MakeCommand(words, count_);
      return Parsed::kDone;
    }
    if (token.type == kArray) {
      elements_left_ = std::max<int64_t>(token.count, 0);
      count_ = 0;
      continue;
    }
    const size_t count = SplitInline(token.text, words);
    if (count == 0) continue;
    command = MakeCommand(words, count);
    return Parsed::kDone;
  }
}

Parsed ReplyParser::Next(base::Bytes& in, Reply& reply) {
  while (true) {
    Token token;
    switch (reader_.Next(in, token)) {
      case Reader::Outcome::kMore:
        return Parsed::kMore;
      case Reader::Outcome::kBroken:
        return Parsed::kBroken;
      case Reader::Outcome::kToken:
        break;
    }
    const Parsed parsed = OnToken(token);
    if (parsed == Parsed::kMore) continue;
    if (parsed == Parsed::kDone) {
      reply = std::move(reply_);
      reply_ = {};
    }
    return parsed;
  }
}

void ReplyParser::Show(std::string_view text) {
  if (hidden_ == 0 && reply_.text.size() < kMaxShown) reply_.text += text.substr(0, kMaxShown - reply_.text.size());
}

Parsed ReplyParser::OnToken(const Token& token) {
  const bool collection = IsCollection(token.type) && token.count >= 0;
  if (collection && levels_.size() == kMaxDepth) return Parsed::kBroken;
  if (token.type == kAttribute) {
    if (token.count <= 0) return Parsed::kMore;
    ++hidden_;
    levels_.push_back({token.type, token.count * 2});
    return Parsed::kMore;
  }
  if (levels_.empty()) {
    constexpr std::string_view kOfBothVersions = "+-:$*";
    reply_.is_error = token.type == kSimpleError || token.type == kBulkError;
    reply_.is_push = token.type == kPush;
    reply_.is_resp3 = kOfBothVersions.find(token.type) == std::string_view::npos;
  } else if (levels_.back().first) {
    if (levels_.size() == 1 && token.type == kBulkString) {
      reply_.is_published = levels_[0].type == kArray && levels_[0].left >= 3 && IsPublishing(token.text);
    }
  } else {
    Show(IsMap(levels_.back().type) && levels_.back().left % 2 == 1 ? ": " : ", ");
  }
  if (collection) {
    Show(IsBraced(token.type) ? "{" : "[");
    if (token.count > 0) {
      levels_.push_back({token.type, IsMap(token.type) ? token.count * 2 : token.count});
      return Parsed::kMore;
    }
    Show(IsBraced(token.type) ? "}" : "]");
  } else if (!ShowScalar(token)) {
    return Parsed::kBroken;
  }
  return EndValue();
}

bool ReplyParser::ShowScalar(const Token& token) {
  int64_t number = 0;
  if (token.count < 0 || token.type == kNull) {
    Show("null");
  } else if (token.type == kBoolean) {
    if (token.text != "t" && token.text != "f") return false;
    Show(token.text == "t" ? "T" : "F");
  } else {
    if (token.type == kInteger && !ParseNumber(token.text, number)) return false;
    Show(token.text);
  }
  return true;
}

// A value is complete, and with it perhaps the collections it was the last of.
Parsed ReplyParser::EndValue() {
  while (!levels_.empty()) {
    Level& level = levels_.back();
    level.first = false;
    if (--level.left > 0) return Parsed::kMore;
    const char type = level.type;
    levels_.pop_back();
    if (type == kAttribute) {
      // It belongs to the value that follows and is none itself.
      --hidden_;
      return Parsed::kMore;
    }
    Show(IsBraced(type) ? "}" : "]");
  }
  return Parsed::kDone;
}

}  // namespace quaywatch::analyze::redis
