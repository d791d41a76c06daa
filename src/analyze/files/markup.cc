// SPDX-License-Identifier: Apache-2.0
#include "analyze/files/markup.h"

#include <array>

#include "analyze/files/text.h"

namespace quaywatch::analyze::files {
namespace {

constexpr std::string_view kHtml = "text/html";
constexpr std::string_view kDomainPolicy = "text/x-cross-domain-policy";

// "<!doctype", at least one space, `name`; `tag` is lower case and begins behind "<".
bool IsDoctype(std::string_view tag, std::string_view name) {
  constexpr std::string_view kDoctype = "!doctype";
  if (!StartsWithNoCase(tag, kDoctype)) return false;
  tag.remove_prefix(kDoctype.size());
  const size_t spaces = std::min(tag.find_first_not_of(' '), tag.size());
  return spaces > 0 && StartsWithNoCase(tag.substr(spaces), name);
}

bool IsHttpEquiv(std::string_view tag) {
  if (!StartsWithNoCase(tag, "meta ")) return false;
  tag.remove_prefix(std::min(tag.find_first_not_of(' ', 4), tag.size()));
  return StartsWithNoCase(tag, "http-equiv");
}

// Does the element name itself Atom's, or RSS with Atom's names?
bool IsAtom(std::string_view tag) {
  const bool is_rss = StartsWithNoCase(tag, "rss");
  if (!is_rss && !StartsWithNoCase(tag, "feed")) return false;
  const std::string_view attributes = tag.substr(0, tag.find('>'));
  if (is_rss) return attributes.find("xmlns:atom", 3) != std::string_view::npos;
  constexpr std::string_view kNames = "xmlns=";
  for (size_t at = attributes.find(kNames, 4); at != std::string_view::npos; at = attributes.find(kNames, at + 1)) {
    std::string_view value = attributes.substr(at + kNames.size());
    if (!value.empty() && (value[0] == '"' || value[0] == '\'')) value.remove_prefix(1);
    if (value.starts_with("http://www.w3.org/2005/Atom")) return true;
  }
  return false;
}

bool IsFlashManifest(std::string_view tag) {
  if (!StartsWithNoCase(tag, "manifest")) return false;
  tag.remove_prefix(8);
  const size_t blanks = CountBlanks(tag);
  return blanks > 0 && tag.substr(blanks).starts_with("xmlns=\"http://ns.adobe.com/f4m/");
}

bool IsSoap(std::string_view tag) {
  if (!StartsWithNoCase(tag, "soap")) return false;
  tag.remove_prefix(4);
  if (StartsWithNoCase(tag, "-env")) tag.remove_prefix(4);
  return StartsWithNoCase(tag, ":envelope");
}

// `tag` begins behind "<"; `marked`: the file begins with a byte order mark.
Magic MatchTag(std::string_view tag, bool marked) {
  if (IsAtom(tag)) return {100, "text/atom", {}};
  if (IsDoctype(tag, "html") || StartsWithNoCase(tag, "html") || IsHttpEquiv(tag)) return {100, kHtml, {}};
  if (StartsWithNoCase(tag, "rss")) return {90, "text/rss", {}};
  if (IsFlashManifest(tag)) return {49, "application/f4m", {}};
  if (IsSoap(tag)) return {49, "application/soap+xml", {}};
  if (StartsWithNoCase(tag, "methodresponse>")) return {49, "application/xml-rpc", {}};
  if (!marked && (IsDoctype(tag, "cross-domain-policy") || StartsWithNoCase(tag, "cross-domain-policy"))) {
    return {49, kDomainPolicy, {}};
  }
  for (const std::string_view name : {"head", "title", "body"}) {
    if (StartsWithNoCase(tag, name)) return {20, kHtml, {}};
  }
  if (!marked) {
    for (const std::string_view name : {"CFPARAM", "CFSET", "CFIF"}) {
      if (tag.starts_with(name)) return {20, "magnus-internal/cold-fusion", {}};
    }
  }
  return {};
}

// The places the first element may be at: each '<' behind white space, and, since a comment may end at any
// "-->" behind it and a declaration at any "?>", behind each of those.
class Places {
 public:
  explicit Places(std::string_view text) : text_(text) {
    Add(0, /*declared=*/false);
    if (comment_ != kNone) AddAll(comment_ + 4, "-->", /*declared=*/false);
    if (declaration_ == kNone) return;
    comment_ = kNone;
    AddAll(declaration_ + 6, "?>", /*declared=*/true);
    if (comment_ != kNone) AddAll(comment_ + 4, "-->", /*declared=*/true);
  }

  bool has_declaration() const { return declaration_ != kNone; }
  const size_t* begin() const { return at_.data(); }
  const size_t* end() const { return at_.data() + count_; }

 private:
  static constexpr size_t kNone = std::string_view::npos;

  void Add(size_t at, bool declared) {
    at += CountBlanks(text_.substr(at));
    if (at >= text_.size() || text_[at] != '<' || count_ == at_.size()) return;
    const std::string_view rest = text_.substr(at);
    if (rest.starts_with("<!--")) comment_ = std::min(comment_, at);
    if (!declared && rest.starts_with("<?xml ")) declaration_ = std::min(declaration_, at);
    at_[count_++] = at;
  }

  void AddAll(size_t from, std::string_view end, bool declared) {
    while (count_ < at_.size() && (from = text_.find(end, from)) != kNone) {
      Add(from + end.size(), declared);
      ++from;
    }
  }

  std::string_view text_;
  std::array<size_t, kMaxMarkupPlaces> at_;
  size_t count_ = 0;
  size_t comment_ = kNone;
  size_t declaration_ = kNone;
};

}  // namespace

Magic DetectMarkup(std::string_view head) {
  const bool marked = head.starts_with(kUtf8Mark);
  if (marked) head.remove_prefix(kUtf8Mark.size());
  const size_t blanks = CountBlanks(head);
  if (blanks == head.size() || head[blanks] != '<') return {};
  const Places places(head);
  Magic best{};
  if (places.has_declaration()) best = {10, "application/xml", {}};
  for (const size_t at : places) {
    const Magic found = MatchTag(head.substr(at + 1), marked);
    if (found.mime_type.empty()) continue;
    if (best.mime_type.empty() || found.strength > best.strength ||
        (found.strength == best.strength && found.mime_type < best.mime_type)) {
      best = found;
    }
  }
  return best;
}

}  // namespace quaywatch::analyze::files
