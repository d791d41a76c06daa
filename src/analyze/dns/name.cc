// SPDX-License-Identifier: Apache-2.0
#include "analyze/dns/name.h"

#include <algorithm>
#include <cctype>

namespace quaywatch::analyze::dns {
namespace {

constexpr size_t kMaxLabel = 63;
constexpr size_t kMaxName = 255;
// Pointers lead backwards only, yet a chain of them could be thousands long and be followed for each
// record of a message. More than one per label is never of use.
constexpr int kMaxPointers = 128;

char Lower(uint8_t byte) { return static_cast<char>(byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte); }

}  // namespace

class NameParser {
 public:
  NameParser(Reader& reader, bool netbios, Name& name, WeirdListener& weirds)
      : message_(reader.message()),
        at_(reader.offset()),
        end_(message_.size()),
        netbios_(netbios),
        name_(name),
        weirds_(weirds) {
    name_.size_ = 0;
  }

  void Parse(Reader& reader) {
    while (OneLabel()) {
    }
    reader.MoveTo(pointers_ > 0 ? resume_ : at_);
    // Zeek measures with the last dot, unless it has followed a pointer.
    if (name_.size_ > 0 && pointers_ > 0) --name_.size_;
    if (name_.size_ >= kMaxName) weirds_.OnWeird("DNS_NAME_too_long", {});
    if (name_.size_ > 0 && pointers_ == 0) --name_.size_;
  }

 private:
  // False at the end of the name.
  bool OneLabel() {
    if (at_ >= end_) return false;
    const size_t start = at_;
    const uint8_t length = message_[at_++];
    if (length == 0 || at_ >= end_) return false;
    if ((length & 0xc0) == 0xc0) return Follow(start, length);
    if (length > end_ - at_) {
      at_ = end_;
      return End("DNS_label_len_gt_pkt");
    }
    // In NetBIOS names labels may be longer.
    if (length > kMaxLabel && !netbios_) return End("DNS_label_too_long");
    if (length >= Name::kCapacity - name_.size_) return End("DNS_label_len_gt_name_len");
    char* out = name_.text_.data() + name_.size_;
    for (size_t i = 0; i < length; ++i) out[i] = Lower(message_[at_ + i]);
    out[length] = '.';
    name_.size_ += length + 1u;
    at_ += length;
    return true;
  }

  bool Follow(size_t start, uint8_t high) {
    const size_t target = static_cast<size_t>(high & 0x3f) << 8 | message_[at_++];
    if (pointers_ == 0) resume_ = at_;
    ++pointers_;
    if (target >= start) return End("DNS_label_forward_compress_offset");
    if (pointers_ > kMaxPointers) return End("DNS_name_too_many_pointers");
    at_ = target;
    end_ = start;
    return true;
  }

  bool End(std::string_view weird) {
    weirds_.OnWeird(weird, {});
    return false;
  }

  base::Bytes message_;
  size_t at_;
  size_t end_;  // after a pointer: where it stood
  size_t resume_ = 0;
  int pointers_ = 0;
  bool netbios_;
  Name& name_;
  WeirdListener& weirds_;
};

void ReadName(Reader& reader, bool netbios, Name& name, WeirdListener& weirds) {
  NameParser(reader, netbios, name, weirds).Parse(reader);
}

std::string DecodeNetbiosName(std::string_view encoded) {
  constexpr size_t kDecoded = 16;  // the last one is the name's type
  std::string name;
  if (encoded.size() < 2 * kDecoded) return name;
  for (size_t i = 0; i < kDecoded; ++i) {
    const int high = std::tolower(static_cast<unsigned char>(encoded[2 * i])) - 'a';
    const int low = std::tolower(static_cast<unsigned char>(encoded[2 * i + 1])) - 'a';
    if (high < 0 || high > 15 || low < 0 || low > 15) return {};
    name.push_back(static_cast<char>(high << 4 | low));
  }
  name.pop_back();
  // Browsers' names begin and end with 1 and 2; any other byte that is no text ends the name.
  const auto is_odd = [](char c) { return static_cast<unsigned char>(c) > 2 && !(c >= ' ' && c <= '~'); };
  name.erase(std::find_if(name.begin(), name.end(), is_odd), name.end());
  while (!name.empty() && (name.back() == ' ' || name.back() == 0)) name.pop_back();
  return name;
}

}  // namespace quaywatch::analyze::dns
