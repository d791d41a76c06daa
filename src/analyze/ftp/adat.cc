// SPDX-License-Identifier: Apache-2.0
#include "analyze/ftp/adat.h"

#include <algorithm>
#include <array>
#include <utility>

#include "analyze/mime/base64.h"

namespace quaywatch::analyze::ftp {
namespace {

// GSSAPI's first token ought to be framed (RFC 2743, 3.1); GridFTP's is a bare TLS record.
bool IsHandshake(std::string_view token) {
  constexpr size_t kHeader = 5;
  constexpr char kHandshake = 0x16;
  return token.size() >= kHeader && token[0] == kHandshake &&
         base::LoadBig<uint16_t>(reinterpret_cast<const uint8_t*>(token.data()) + 3) == token.size() - kHeader;
}

// The server refuses, or from here on replies are protected.
constexpr auto kEnds = std::to_array<uint32_t>({232, 234, 421, 431, 500, 501, 503, 535, 631, 632, 633});

}  // namespace

void SecurityExchange::OnCommand(std::string_view word, std::string_view argument) {
  if (word == "AUTH") done_ = true;
  if (word == "ADAT" && !done_) Forward(model::Direction::kOrig, argument);
}

void SecurityExchange::OnReply(const Reply& reply) {
  if (std::ranges::find(kEnds, reply.code) != kEnds.end()) done_ = true;
  if (done_) return;
  constexpr std::string_view kToken = "ADAT=";
  const bool may_have_token = reply.code == 235 || reply.code == 334 || reply.code == 335;
  if (may_have_token && reply.text.starts_with(kToken)) {
    Forward(model::Direction::kResp, reply.text.substr(kToken.size()));
  }
  if (reply.code == 235) done_ = true;
}

void SecurityExchange::Forward(model::Direction from, std::string_view encoded) {
  const auto token = mime::DecodeBase64(context_, encoded);
  if (from == model::Direction::kOrig && std::exchange(first_, false)) {
    if (!token) context_.Weird("ftp_adat_bad_first_token_encoding");
    if (!token || !IsHandshake(*token)) {
      done_ = true;
      return;
    }
  }
  if (token) tls_.OnStream(from, base::AsBytes(*token));
}

}  // namespace quaywatch::analyze::ftp
