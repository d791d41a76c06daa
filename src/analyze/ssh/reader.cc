// SPDX-License-Identifier: Apache-2.0
#include "analyze/ssh/reader.h"

#include <algorithm>

#include "analyze/ssh/parse.h"

namespace quaywatch::analyze::ssh {

void Reader::Forget() {
  if (given_) std::string().swap(kept_);
  given_ = false;
}

void Reader::FinishLine(base::Bytes& in) {
  if (!after_cr_ || in.empty()) return;
  after_cr_ = false;
  if (in[0] == '\n') in = in.subspan(1);
}

Reader::Outcome Reader::TakeLine(base::Bytes& in, std::string_view& item) {
  Forget();
  FinishLine(in);
  const std::string_view text = base::AsText(in);
  const size_t end = text.find_first_of("\r\n");
  if (kept_.size() + std::min(end, text.size()) > kMaxBanner) return Outcome::kTooLong;
  if (end == std::string_view::npos) {
    kept_ += text;
    in = {};
    return Outcome::kMore;
  }
  after_cr_ = text[end] == '\r';
  in = in.subspan(end + 1);
  FinishLine(in);
  item = text.substr(0, end);
  if (!kept_.empty()) {
    kept_ += item;
    item = kept_;
    given_ = true;
  }
  return Outcome::kItem;
}

Reader::Outcome Reader::TakeMessage(Version version, base::Bytes& in, base::Bytes& item, uint32_t& too_long) {
  Forget();
  constexpr size_t kLengthField = 4;
  if (skipping_ > 0) {
    const size_t skipped = static_cast<size_t>(std::min<uint64_t>(skipping_, in.size()));
    skipping_ -= skipped;
    in = in.subspan(skipped);
    return skipping_ > 0 ? Outcome::kMore : Outcome::kSkipped;
  }
  if (kept_.size() < kLengthField) {
    if (kept_.empty() && in.size() >= kLengthField) {
      const uint64_t size = MessageSize(version, base::LoadBig<uint32_t>(in.data()));
      if (size <= kMaxMessage && size <= in.size()) {
        item = in.first(size);
        in = in.subspan(size);
        return Outcome::kItem;
      }
    }
    const size_t wanted = std::min(kLengthField - kept_.size(), in.size());
    kept_ += base::AsText(in.first(wanted));
    in = in.subspan(wanted);
    if (kept_.size() < kLengthField) return Outcome::kMore;
  }
  const uint32_t announced = base::LoadBig<uint32_t>(base::AsBytes(kept_).data());
  const uint64_t size = MessageSize(version, std::min(announced, kMaxPacketLength));
  if (size > kMaxMessage) {
    if (announced > kMaxPacketLength) too_long = announced;
    skipping_ = size - kLengthField;
    std::string().swap(kept_);
    return TakeMessage(version, in, item, too_long);
  }
  const size_t wanted = std::min(static_cast<size_t>(size) - kept_.size(), in.size());
  kept_ += base::AsText(in.first(wanted));
  in = in.subspan(wanted);
  if (kept_.size() < size) return Outcome::kMore;
  item = base::AsBytes(kept_);
  given_ = true;
  return Outcome::kItem;
}

}  // namespace quaywatch::analyze::ssh
