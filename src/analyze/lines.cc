// SPDX-License-Identifier: Apache-2.0
#include "analyze/lines.h"

#include <algorithm>
#include <cstring>

namespace quaywatch::analyze {
namespace {

// A line this long is rare: its memory is given back.
constexpr size_t kKeepCapacity = 4096;

const uint8_t* Find(const uint8_t* from, const uint8_t* to, char what) {
  return static_cast<const uint8_t*>(std::memchr(from, what, static_cast<size_t>(to - from)));
}

std::string_view Text(const uint8_t* from, const uint8_t* to) {
  return {reinterpret_cast<const char*>(from), static_cast<size_t>(to - from)};
}

}  // namespace

size_t Lines::Feed(base::Bytes bytes) {
  const uint8_t* at = bytes.data();
  const uint8_t* const end = at + bytes.size();
  while (at < end && !stopped_) {
    if (after_cr_ && *at == '\n') {
      after_cr_ = false;
      if (cr_in_block_) CountBlock(1);
      ++at;
    } else if (plain_ > 0) {
      const size_t count = std::min<uint64_t>(plain_, static_cast<uint64_t>(end - at));
      after_cr_ = false;
      plain_ -= count;
      CountBlock(count);
      left_ = static_cast<size_t>(end - at) - count;
      sink_.OnPlain({at, count});
      at += count;
    } else {
      at = OneLine(at, end);
    }
  }
  left_ = 0;
  return static_cast<size_t>(at - bytes.data());
}

// Returns where the line's content ends, nullptr if that is not before `stop`. May be at - 1: the CR of
// the end is the last byte of partial_.
const uint8_t* Lines::FindEnd(const uint8_t* at, const uint8_t* stop) {
  const uint8_t* lf = Find(at, stop, '\n');
  if (ends_ == Ends::kAny) {
    const uint8_t* cr = Find(at, lf != nullptr ? lf : stop, '\r');
    return cr != nullptr ? cr : lf;
  }
  for (; lf != nullptr; lf = Find(lf + 1, stop, '\n')) {
    const bool after_cr = lf > at ? lf[-1] == '\r' : !partial_.empty() && partial_.back() == '\r';
    if (after_cr) return lf - 1;
    if (ends_ == Ends::kLf) return lf;
    if (report_) oddities_.SingleLf();
  }
  return nullptr;
}

const uint8_t* Lines::OneLine(const uint8_t* at, const uint8_t* end) {
  if (after_cr_ && report_ && *at != '\r') oddities_.SingleCr();
  after_cr_ = false;
  size_t window = std::min(static_cast<size_t>(end - at), kMaxLine - partial_.size());
  const bool in_block = block_ > 0;
  if (in_block) window = std::min<uint64_t>(window, block_);

  const uint8_t* const stop = at + window;
  const uint8_t* const line_end = FindEnd(at, stop);
  if (line_end == nullptr) {
    partial_.append(reinterpret_cast<const char*>(at), window);
    CountBlock(window);
    left_ = static_cast<size_t>(end - stop);
    if (in_block && block_ == 0) {
      oddities_.Unterminated();
      EmitPartial(true);
    } else if (partial_.size() == kMaxLine) {
      if (report_) oddities_.TooLong();
      EmitPartial(false);
    }
    return stop;
  }

  const uint8_t* next = line_end + 1;
  const bool ends_in_cr = line_end < at || *line_end == '\r';
  if (ends_in_cr && next < end && *next == '\n') {
    ++next;
  } else if (ends_in_cr) {
    after_cr_ = true;
    cr_in_block_ = in_block;
  }
  CountBlock(static_cast<size_t>(next - at));
  left_ = static_cast<size_t>(end - next);
  if (partial_.empty()) {
    Emit(Text(at, line_end), true);
  } else {
    if (line_end < at) {
      partial_.pop_back();
    } else {
      partial_.append(Text(at, line_end));
    }
    EmitPartial(true);
  }
  return next;
}

void Lines::Emit(std::string_view line, bool ended) {
  const size_t nul = watch_nul_ ? line.find('\0') : std::string_view::npos;
  if (nul == std::string_view::npos) return sink_.OnLine(line, ended);
  if (report_) oddities_.Nul();
  watch_nul_ = false;
  std::string without(line);
  without.erase(nul, 1);
  sink_.OnLine(without, ended);
}

void Lines::EmitPartial(bool ended) {
  Emit(partial_, ended);
  partial_.clear();
  if (partial_.capacity() > kKeepCapacity) partial_.shrink_to_fit();
}

void Lines::Finish() {
  if (partial_.empty() || stopped_) return;
  const bool ends_in_cr = partial_.back() == '\r';
  if (ends_ == Ends::kCrlfOnly && !ends_in_cr) return;
  if (ends_in_cr) partial_.pop_back();
  EmitPartial(true);
}

}  // namespace quaywatch::analyze
