// SPDX-License-Identifier: Apache-2.0
#include "analyze/files/mime.h"

#include <algorithm>
#include <array>
#include <vector>

#include "analyze/files/file_tracker.h"
#include "analyze/files/magic.h"
#include "analyze/files/markup.h"
#include "analyze/files/pattern.h"
#include "analyze/files/text.h"

namespace quaywatch::analyze::files {
namespace {

bool IsStronger(const Magic& a, const Magic& b) {
  if (b.mime_type.empty()) return !a.mime_type.empty();
  return a.strength > b.strength || (a.strength == b.strength && a.mime_type < b.mime_type);
}

void Improve(Magic* best, const Magic& found) {
  if (!found.mime_type.empty() && IsStronger(found, *best)) *best = found;
}

// The table, compiled, and for each first byte what may match, strongest first.
class Index {
 public:
  Index() {
    for (const Magic& magic : MagicTable()) entries_.push_back({magic, Pattern(magic.pattern)});
    std::ranges::stable_sort(entries_, [](const Entry& a, const Entry& b) { return IsStronger(a.magic, b.magic); });
    for (size_t i = 0; i < entries_.size(); ++i) {
      const ByteSet first = entries_[i].pattern.FirstBytes();
      for (size_t byte = 0; byte < by_first_byte_.size(); ++byte) {
        if (first[byte]) by_first_byte_[byte].push_back({entries_[i].pattern.FirstHint(), static_cast<uint16_t>(i)});
      }
    }
  }

  void Search(base::Bytes head, Magic* best) const {
    for (const auto& [hint, i] : by_first_byte_[head[0]]) {
      if (head.size() < hint.min_length || (hint.key >= 0 && head[hint.key_offset] != hint.key)) continue;
      const Entry& entry = entries_[i];
      if (!IsStronger(entry.magic, *best)) return;
      if (entry.pattern.Matches(head)) {
        *best = entry.magic;
        return;
      }
    }
  }

 private:
  struct Entry {
    Magic magic;
    Pattern pattern;
  };
  struct Candidate {
    Pattern::Hint hint;  // here, so that most are rejected without a look elsewhere
    uint16_t entry;
  };
  std::vector<Entry> entries_;
  std::array<std::vector<Candidate>, 256> by_first_byte_;
};

// Requests and responses of OCSP (RFC 6960): DER whose first object identifier, behind lengths of any form,
// is that of SHA-1 or of the basic response.
Magic DetectOcsp(std::string_view head) {
  constexpr std::string_view kSha1 = "\x06\x05\x2b\x0e\x03\x02\x1a";
  constexpr std::string_view kBasicResponse = "\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x01";
  for (size_t at = 11; at <= 19 && at < head.size(); ++at) {
    if (head[at] != 0x06) continue;
    if (head.substr(at).starts_with(kSha1)) return {71, "application/ocsp-request", {}};
    if (head.substr(at).starts_with(kBasicResponse)) return {71, "application/ocsp-response", {}};
  }
  return {};
}

// A Zip whose manifest is among the first entries.
Magic DetectJar(std::string_view head) {
  constexpr std::string_view kManifest = "META-INF/MANIFEST.MF";
  if (!head.starts_with("PK\x03\x04")) return {};
  for (size_t at = head.find(kManifest, 9); at <= 208; at = head.find(kManifest, at + 1)) {
    if (head[at - 4] == 0x14 && head[at - 3] == 0) return {100, "application/java-archive", {}};
  }
  return {};
}

Magic DetectByGrammar(std::string_view head) {
  Magic best{};
  switch (static_cast<uint8_t>(head[0])) {
    case '#':
      Improve(&best, DetectInterpreter(head));
      break;
    case 'P':
      Improve(&best, DetectJar(head));
      break;
    case '@':
    case '(':
    case 'd':
    case 'f':
      Improve(&best, DetectScript(head));
      break;
    case '<':
    case ' ':
    case '\t':
    case '\r':
    case '\n':
      Improve(&best, DetectScript(head));
      [[fallthrough]];
    case 0xef:
      Improve(&best, DetectMarkup(head));
      break;
    default:
      break;
  }
  Improve(&best, DetectOcsp(head));
  return best;
}

}  // namespace

std::string_view DetectMimeType(base::Bytes head) {
  if (head.empty()) return {};
  static const Index index;
  head = head.first(std::min(head.size(), kSniffLimit));
  const std::string_view text = base::AsText(head);
  Magic best = DetectByGrammar(text);
  index.Search(head, &best);
  if (best.mime_type.empty() || best.strength < 42) Improve(&best, DetectPortableImage(text));
  if (best.mime_type.empty() || best.strength < 1) Improve(&best, DetectJson(text));
  if (best.mime_type.empty()) best = DetectPlainText(text);
  return best.mime_type;
}

}  // namespace quaywatch::analyze::files
