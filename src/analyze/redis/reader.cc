// SPDX-License-Identifier: Apache-2.0
#include "analyze/redis/reader.h"

#include <algorithm>
#include <charconv>

namespace quaywatch::analyze::redis {
namespace {

constexpr std::string_view kBulkTerminator = "\r\n";

bool IsBulk(char type) { return type == kBulkString || type == kBulkError || type == kVerbatimString; }

bool IsCollection(char type) {
  return type == kArray || type == kMap || type == kAttribute || type == kSet || type == kPush;
}

bool IsType(char type) {
  constexpr std::string_view kOfOneLine = "+-:_#,(";
  return IsBulk(type) || IsCollection(type) || kOfOneLine.find(type) != std::string_view::npos;
}

}  // namespace

bool ParseNumber(std::string_view text, int64_t& number) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

Reader::Outcome Reader::Next(base::Bytes& in, Token& token, bool lines) {
  if (given_) {
    if (kept_.capacity() > kMaxShown) {
      std::string().swap(kept_);
    } else {
      kept_.clear();
    }
    given_ = false;
  }
  if (state_ == State::kType) {
    if (in.empty()) return Outcome::kMore;
    type_ = static_cast<char>(in[0]);
    if (lines ? type_ != kArray : !IsType(type_)) {
      if (!lines) return Outcome::kBroken;
      type_ = 0;
    } else {
      in = in.subspan(1);
    }
    length_ = 0;
    state_ = State::kLine;
  }
  if (state_ == State::kLine) return ReadLine(in, token);
  if (state_ == State::kBulk) return ReadBulk(in, token);
  return EndBulk(in, token);
}

void Reader::Keep(std::string_view text, size_t limit) {
  if (kept_.size() < limit) kept_ += text.substr(0, limit - kept_.size());
}

Reader::Outcome Reader::ReadLine(base::Bytes& in, Token& token) {
  const std::string_view text = base::AsText(in);
  const size_t end = text.find('\n');
  const size_t most = type_ == 0 ? kMaxInline : kMaxLine;
  const size_t keep = type_ == 0 ? kMaxInline : kMaxShown + 1;  // the CR of a line as long as is shown
  length_ += std::min(end, text.size());
  if (length_ > most) return Outcome::kBroken;
  if (end == std::string_view::npos) {
    Keep(text, keep);
    in = {};
    return Outcome::kMore;
  }
  in = in.subspan(end + 1);
  std::string_view line = text.substr(0, end);
  if (!kept_.empty()) {
    Keep(line, keep);
    line = kept_;
    given_ = true;
  }
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (IsCollection(type_) || IsBulk(type_)) {
    int64_t number = 0;
    if (!ParseNumber(line, number) || number < -1) return Outcome::kBroken;
    if (number > (IsBulk(type_) ? kMaxBulk : kMaxElements)) return Outcome::kBroken;
    if (IsBulk(type_) && number >= 0) {
      kept_.clear();
      given_ = false;
      left_ = number;
      state_ = State::kBulk;
      return ReadBulk(in, token);
    }
    token.count = number;
    return Finish({}, token);
  }
  return Finish(type_ == 0 ? line : line.substr(0, kMaxShown), token);
}

Reader::Outcome Reader::ReadBulk(base::Bytes& in, Token& token) {
  const size_t here = static_cast<size_t>(std::min<uint64_t>(static_cast<uint64_t>(left_), in.size()));
  const std::string_view text = base::AsText(in.first(here));
  in = in.subspan(here);
  left_ -= static_cast<int64_t>(here);
  if (left_ == 0 && kept_.empty() && base::AsText(in).starts_with(kBulkTerminator)) {
    in = in.subspan(kBulkTerminator.size());
    return Finish(text.substr(0, kMaxShown), token);
  }
  Keep(text, kMaxShown);
  if (left_ > 0) return Outcome::kMore;
  state_ = State::kBulkEnd;
  length_ = 0;
  return EndBulk(in, token);
}

Reader::Outcome Reader::EndBulk(base::Bytes& in, Token& token) {
  for (; !in.empty() && length_ < kBulkTerminator.size(); ++length_) {
    if (static_cast<char>(in[0]) != kBulkTerminator[length_]) return Outcome::kBroken;
    in = in.subspan(1);
  }
  if (length_ < kBulkTerminator.size()) return Outcome::kMore;
  given_ = true;
  return Finish(kept_, token);
}

Reader::Outcome Reader::Finish(std::string_view text, Token& token) {
  token.type = type_;
  token.text = text;
  state_ = State::kType;
  return Outcome::kToken;
}

}  // namespace quaywatch::analyze::redis
