// SPDX-License-Identifier: Apache-2.0
#include "analyze/http/parse.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>

#include "analyze/mime/text.h"

namespace quaywatch::analyze::http {
namespace {

using mime::EqualsIgnoringCase;
using mime::IsBlank;

constexpr std::string_view kKeyword = "HTTP/";

// Character classes, looked up for every byte of a request line.
enum Class : uint8_t { kToken = 1, kUri = 2 };

constexpr std::array<uint8_t, 256> MakeClasses() {
  std::array<uint8_t, 256> classes{};
  for (int c = 33; c < 127; ++c) classes[static_cast<size_t>(c)] = kToken;
  for (const char c : std::string_view("()<>@,;:\\\"/[]?={}")) classes[static_cast<uint8_t>(c)] = 0;
  for (int c = 33; c < 127; ++c) {
    const char ch = static_cast<char>(c);
    const bool alnum = (ch >= '0' && ch <= '9') || (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z');
    if (alnum || std::string_view(":/?#[]@!$&'()*+,;=-_.~%").find(ch) != std::string_view::npos) {
      classes[static_cast<size_t>(c)] |= kUri;
    }
  }
  // Not in RFC 3986, but no end of a URI for Zeek.
  classes[0] |= kUri;
  return classes;
}

constexpr std::array<uint8_t, 256> kClasses = MakeClasses();

size_t SpanOf(std::string_view text, Class wanted) {
  size_t at = 0;
  while (at < text.size() && (kClasses[static_cast<uint8_t>(text[at])] & wanted) != 0) ++at;
  return at;
}

size_t SkipBlanks(std::string_view text, size_t at) {
  while (at < text.size() && IsBlank(text[at])) ++at;
  return at;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool StartsWithKeyword(std::string_view text, bool* lowercase) {
  if (text.starts_with(kKeyword)) return true;
  if (!EqualsIgnoringCase(text.substr(0, kKeyword.size()), "http/")) return false;
  *lowercase = true;
  return true;
}

// Only "d.d" is a version.
Version VersionOf(std::string_view text) {
  if (text.size() < 3 || !IsDigit(text[0]) || text[1] != '.' || !IsDigit(text[2])) return {};
  return {static_cast<uint8_t>(text[0] - '0'), static_cast<uint8_t>(text[2] - '0')};
}

// Finds the version behind the URI, which ends before it; URIs with blanks in them are common.
void ParseTarget(std::string_view rest, RequestLine& request) {
  size_t uri_end = SpanOf(rest, kUri);
  const bool keyword_first = StartsWithKeyword(rest, &request.lowercase_uri);
  if (uri_end == rest.size() && keyword_first) {
    request.uri_missing = true;
    uri_end = 0;
  }
  size_t version = uri_end;
  for (; version < rest.size(); ++version) {
    uri_end = version;
    version = SkipBlanks(rest, version);
    if (StartsWithKeyword(rest.substr(std::min(version, rest.size())), &request.lowercase_version)) break;
  }
  request.uri = rest.substr(0, uri_end);
  if (version >= rest.size()) {
    request.version = kHttp09;
  } else if (version + kKeyword.size() + 3 <= rest.size()) {
    request.version = VersionOf(rest.substr(version + kKeyword.size()));
  }
}

int DigitOf(char c) {
  if (IsDigit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 16;
}

}  // namespace

std::expected<RequestLine, LineError> ParseRequestLine(std::string_view line) {
  RequestLine request;
  const size_t method_end = SpanOf(line, kToken);
  if (method_end == 0) {
    const bool has_version =
        line.size() >= 9 && EqualsIgnoringCase(line.substr(line.size() - 9, kKeyword.size() + 1), " http/");
    return std::unexpected(has_version ? LineError::kBadWithVersion : LineError::kBad);
  }
  const size_t target = SkipBlanks(line, method_end);
  if (target == method_end) return std::unexpected(LineError::kBad);
  request.method = line.substr(0, method_end);
  ParseTarget(line.substr(target), request);
  return request;
}

std::optional<StatusLine> ParseStatusLine(std::string_view line) {
  StatusLine status;
  if (!StartsWithKeyword(line, &status.lowercase)) return std::nullopt;
  status.version = VersionOf(line.substr(kKeyword.size()));
  size_t at = line.find_first_of(" \t", kKeyword.size());
  if (at == std::string_view::npos) return std::nullopt;
  at = SkipBlanks(line, at);
  if (at + 3 > line.size()) return std::nullopt;
  const std::string_view code = line.substr(at, 3);
  if (std::all_of(code.begin(), code.end(), IsDigit)) {
    status.code = static_cast<uint32_t>((code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0'));
  }
  at = line.find_first_of(" \t", at + 3);
  if (at != std::string_view::npos) status.reason = line.substr(SkipBlanks(line, at));
  return status;
}

std::optional<int64_t> ParseNumber(std::string_view text, int base) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  uint64_t number = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const int digit = DigitOf(text[i]);
    if (digit >= base) {
      if (i == 0) return std::nullopt;
      break;
    }
    number = number * static_cast<uint64_t>(base) + static_cast<uint64_t>(digit);
  }
  return static_cast<int64_t>(negative ? 0 - number : number);
}

std::expected<ContentRange, RangeError> ParseContentRange(std::string_view value) {
  const std::string_view unit = mime::TakeToken(value);
  if (unit != "bytes") return std::unexpected(RangeError{"HTTP_content_range_unknown_byte_unit", {}});
  std::string range(value);
  std::erase(range, ' ');
  const auto fail = [&](std::string_view weird) { return std::unexpected(RangeError{weird, range}); };
  const size_t slash = range.find('/');
  const size_t dash = range.find('-');
  if (slash == std::string::npos || dash > slash) {
    return std::unexpected(RangeError{"HTTP_content_range_cannot_parse", {}});
  }

  const std::string_view text = range;
  const auto first = ParseNumber(text.substr(0, dash), 10);
  const auto last = ParseNumber(text.substr(dash + 1, slash - dash - 1), 10);
  if (!first || !last) return fail("HTTP_content_range_cannot_parse");
  if (*first < 0 || *last < 0) return fail("HTTP_content_range_invalid");
  if (*last < *first) return fail("HTTP_non_positive_content_range");
  if (*last - *first > std::numeric_limits<int64_t>::max() - 1) return fail("HTTP_content_range_overflow");

  ContentRange content{*first, *last, {}};
  const std::string_view instance = text.substr(slash + 1);
  if (instance != "*") {
    const auto length = ParseNumber(instance, 10);
    if (!length) content.bad_instance = range;
    content.instance_length = length.value_or(0);
  }
  return content;
}

Field FieldOf(std::string_view name) {
  const auto is = [name](std::string_view lower, Field field) {
    return EqualsIgnoringCase(name, lower) ? field : Field::kOther;
  };
  const char first = name.empty() ? '\0' : static_cast<char>(name[0] | 0x20);
  switch (name.size()) {
    case 3:
      return is("via", Field::kProxied);
    case 4:
      return is("host", Field::kHost);
    case 5:
      return is("range", Field::kRange);
    case 6:
      return first == 'o' ? is("origin", Field::kOrigin) : is("expect", Field::kExpect);
    case 7:
      return first == 'r' ? is("referer", Field::kReferer) : is("upgrade", Field::kUpgrade);
    case 9:
      return first == 'f' ? is("forwarded", Field::kProxied) : is("client-ip", Field::kProxied);
    case 10:
      return first == 'u' ? is("user-agent", Field::kUserAgent) : is("connection", Field::kConnection);
    case 12:
      return is("content-type", Field::kContentType);
    case 13:
      return first == 'a' ? is("authorization", Field::kAuthorization) : is("content-range", Field::kContentRange);
    case 14:
      return is("content-length", Field::kContentLength);
    case 15:
      return is("x-forwarded-for", Field::kProxied);
    case 16:
      if (first == 'c') return is("content-encoding", Field::kContentEncoding);
      if (first == 'p') return is("proxy-connection", Field::kProxied);
      return is("x-forwarded-from", Field::kProxied) == Field::kProxied ? Field::kProxied
                                                                        : is("xroxy-connection", Field::kProxied);
    case 17:
      return is("transfer-encoding", Field::kTransferEncoding);
    case 19:
      return first == 'p' ? is("proxy-authorization", Field::kAuthorization)
                          : is("content-disposition", Field::kContentDisposition);
    default:
      return Field::kOther;
  }
}

}  // namespace quaywatch::analyze::http
