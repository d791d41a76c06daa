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
  const uint8_t* at = bytes.data();
  size_t left = bytes.size();
  // Two 32-bit words a step into 64 bits: no carry can be lost before 2^32 words.
  for (; left >= 16; at += 16, left -= 16) {
    uint32_t words[4];
    std::memcpy(words, at, sizeof words);
    sum += static_cast<uint64_t>(words[0]) + words[1];
    sum += static_cast<uint64_t>(words[2]) + words[3];
  }
  for (; left >= 2; at += 2, left -= 2) {
    uint16_t word;
    std::memcpy(&word, at, sizeof word);
    sum += word;
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

// Of the header TCP, UDP and ICMPv6 sum up with their own (RFC 9293 3.1, RFC 8200 8.1).
inline uint64_t PseudoHeaderSum(const model::IpAddress& src, const model::IpAddress& dst, uint8_t protocol,
                                uint32_t length) {
  uint8_t tail[8] = {static_cast<uint8_t>(length >> 24),
                     static_cast<uint8_t>(length >> 16),
                     static_cast<uint8_t>(length >> 8),
                     static_cast<uint8_t>(length),
                     0,
                     0,
                     0,
                     protocol};
  return RawSum(dst.bytes(), RawSum(src.bytes(), RawSum(tail)));
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
