// SPDX-License-Identifier: Apache-2.0
#include "flow/community_id.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <optional>

namespace quaywatch::flow {
namespace {

constexpr uint8_t kIcmp = 1;
constexpr uint8_t kTcp = 6;
constexpr uint8_t kUdp = 17;
constexpr uint8_t kIcmp6 = 58;
constexpr uint8_t kSctp = 132;

struct TypePair {
  uint8_t request, reply;
};
constexpr TypePair kIcmpPairs[] = {{8, 0}, {13, 14}, {15, 16}, {10, 9}, {17, 18}};
constexpr TypePair kIcmp6Pairs[] = {{128, 129}, {133, 134}, {135, 136}, {130, 131}, {139, 140}, {144, 145}};

template <size_t kCount>
std::optional<uint8_t> Counterpart(const TypePair (&pairs)[kCount], uint16_t type) {
  for (const TypePair& pair : pairs) {
    if (type == pair.request) return pair.reply;
    if (type == pair.reply) return pair.request;
  }
  return std::nullopt;
}

struct End {
  base::Bytes address;
  uint16_t port;
};

bool Before(const End& a, const End& b) {
  if (!std::ranges::equal(a.address, b.address)) return std::ranges::lexicographical_compare(a.address, b.address);
  return a.port < b.port;
}

std::string Base64(base::Bytes bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<uint8_t*>(text.data()), bytes.data(), static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(length));
  return text;
}

}  // namespace

std::string CommunityId(const model::FlowId& id, uint8_t ip_proto, uint16_t seed) {
  End from{id.orig_h.bytes(), id.orig_p.number};
  End to{id.resp_h.bytes(), id.resp_p.number};
  // A message that nothing answers keeps its direction.
  bool one_way = false;
  if (ip_proto == kIcmp || ip_proto == kIcmp6) {
    const auto other = ip_proto == kIcmp ? Counterpart(kIcmpPairs, from.port) : Counterpart(kIcmp6Pairs, from.port);
    one_way = !other;
    to.port = other.value_or(static_cast<uint8_t>(to.port));
  }
  if (!one_way && Before(to, from)) std::swap(from, to);

  std::array<uint8_t, 2 + 16 + 16 + 2 + 4> input;
  size_t size = 0;
  const auto put16 = [&](uint16_t value) {
    input[size++] = static_cast<uint8_t>(value >> 8);
    input[size++] = static_cast<uint8_t>(value);
  };
  put16(seed);
  for (const End* end : {&from, &to}) {
    std::ranges::copy(end->address, input.begin() + static_cast<ptrdiff_t>(size));
    size += end->address.size();
  }
  put16(static_cast<uint16_t>(ip_proto << 8));  // and a byte of padding
  const bool has_ports =
      ip_proto == kTcp || ip_proto == kUdp || ip_proto == kSctp || ip_proto == kIcmp || ip_proto == kIcmp6;
  if (has_ports) {
    put16(from.port);
    put16(to.port);
  }

  std::array<uint8_t, EVP_MAX_MD_SIZE> digest;
  unsigned length = 0;
  if (EVP_Digest(input.data(), size, digest.data(), &length, EVP_sha1(), nullptr) != 1) return {};
  return "1:" + Base64(base::Bytes(digest).first(length));
}

}  // namespace quaywatch::flow
