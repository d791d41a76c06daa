// SPDX-License-Identifier: Apache-2.0
#include "analyze/http/probe.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "analyze/mime/text.h"

namespace quaywatch::analyze::http {
namespace {

// HTTP's own methods and those of WebDAV and its kin; longer ones that begin with one of these match too.
constexpr auto kMethods =
    std::to_array<std::string_view>({"OPTIONS",       "GET",           "HEAD",        "POST",
                                     "PUT",           "DELETE",        "ACL",         "BASELINE-CONTROL",
                                     "BIND",          "CHECKIN",       "CHECKOUT",    "CONNECT",
                                     "COPY",          "LABEL",         "LINK",        "LOCK",
                                     "MERGE",         "MKACTIVITY",    "MKCALENDAR",  "MKCOL",
                                     "MKREDIRECTREF", "MOVE",          "ORDERPATCH",  "PATCH",
                                     "PROPFIND",      "PROPPATCH",     "REBIND",      "REPORT",
                                     "SEARCH",        "TRACE",         "UNBIND",      "UNCHECKOUT",
                                     "UNLINK",        "UNLOCK",        "UPDATE",      "VERSION-CONTROL",
                                     "BCOPY",         "BDELETE",       "BMOVE",       "BPROPFIND",
                                     "BPROPPATCH",    "NOTIFY",        "POLL",        "SUBSCRIBE",
                                     "UNSUBSCRIBE",   "X-MS-ENUMATTS", "MKWORKSPACE", "RPC_IN_DATA",
                                     "RPC_OUT_DATA"});

ProbeResult ProbeOrig(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n\v\f"), text.size()));
  bool more = false;
  for (const std::string_view method : kMethods) {
    if (text.starts_with(method)) return ProbeResult::kYes;
    more = more || method.starts_with(text);
  }
  return more ? ProbeResult::kMore : ProbeResult::kNo;
}

ProbeResult ProbeResp(std::string_view text) {
  constexpr std::string_view kKeyword = "http/";
  const std::string_view head = text.substr(0, kKeyword.size());
  if (!mime::EqualsIgnoringCase(head, kKeyword.substr(0, head.size()))) return ProbeResult::kNo;
  if (text.size() <= kKeyword.size()) return ProbeResult::kMore;
  const char digit = text[kKeyword.size()];
  return digit >= '0' && digit <= '9' ? ProbeResult::kYes : ProbeResult::kNo;
}

}  // namespace

ProbeResult Probe(const ProbeInput& input) {
  const ProbeResult orig = ProbeOrig(base::AsText(input.orig));
  const ProbeResult resp = ProbeResp(base::AsText(input.resp));
  return std::max(orig, resp);
}

}  // namespace quaywatch::analyze::http
