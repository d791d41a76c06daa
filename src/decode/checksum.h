// SPDX-License-Identifier: Apache-2.0
//
// The Internet checksum (RFC 1071), in wide loads.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"
#include "model/address.h"

namespace quaywatch::decode {

// A sum in the host's order that was not folded yet; sums of parts add up where each part but the last
// has an even length.
inline uint64_t RawSum(base::Bytes bytes, uint64_t sum = 0) {
  // Four 32-bit words a step, each half of them in its own 64-bit lanes: no carry can be lost before 2^32.
  using Lanes [[gnu::vector_size(16)]] = uint64_t;
  const uint8_t* at = bytes.data();
  size_t left = bytes.size();
  if (left >= 16) {
    Lanes low{}, high{};
    for (; left >= 16; at += 16, left -= 16) {
      Lanes words;
      std::memcpy(&words, at, sizeof words);
      low += words & 0xffffffff;
      high += words >> 32;
    }
    low += high;
    sum += low[0] + low[1];
  }
  for (; left >= 4; at += 4, left -= 4) {
    uint32_t word;
    std::memcpy(&word, at, sizeof word);
    sum += word;
  }
  if (left >= 2) {
    uint16_t word;
    std::memcpy(&word, at, sizeof word);
    sum += word;
    at += 2;
    left -= 2;
  }
  if (left != 0) sum += std::endian::native == std::endian::little ? *at : static_cast<uint64_t>(*at) << 8;
  return sum;
}

// The 16-bit ones' complement sum, in the host's order. All ones for bytes that hold their own checksum.
inline uint16_t FoldSum(uint64_t sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(sum);
}

// Of the header TCP, UDP and ICMPv6 sum up with their own (RFC 9293 3.1, RFC 8200 8.1). An IPv4 address is
// summed up in its mapped form: the 0xffff before it is a zero in ones' complement.
inline uint64_t PseudoHeaderSum(const model::IpAddress& src, const model::IpAddress& dst, uint8_t protocol,
                                uint32_t length) {
  const uint32_t tail[2] = {length, protocol};
  uint64_t sum = 0;
  for (const uint32_t word : tail) sum += std::endian::native == std::endian::little ? std::byteswap(word) : word;
  return RawSum(dst.mapped(), RawSum(src.mapped(), sum));
}

enum class ChecksumState : uint8_t { kGood, kBad, kPending };

// Of a whole transport segment with its checksum at `field`. Pending: the field holds only what the
// sender's kernel leaves for its network card to complete (Linux CHECKSUM_PARTIAL: the sum of the pseudo
// header; Windows leaves the length out of it).
inline ChecksumState CheckTransport(base::Bytes segment, size_t field, const model::IpAddress& src,
                                    const model::IpAddress& dst, uint8_t protocol) {
  const auto length = static_cast<uint32_t>(segment.size());
  const uint64_t pseudo = PseudoHeaderSum(src, dst, protocol, length);
  if (FoldSum(RawSum(segment, pseudo)) == 0xffff) return ChecksumState::kGood;
  uint16_t stored;
  std::memcpy(&stored, segment.data() + field, sizeof stored);
  if (stored == FoldSum(pseudo)) return ChecksumState::kPending;
  if (stored == FoldSum(PseudoHeaderSum(src, dst, protocol, 0))) return ChecksumState::kPending;
  return ChecksumState::kBad;
}

}  // namespace quaywatch::decode
