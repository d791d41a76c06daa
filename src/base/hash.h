// SPDX-License-Identifier: Apache-2.0
//
// Hashes for tables and ids: fast, seeded, not cryptographic.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace quaywatch::base {

// Mixes two words into one (wyhash's multiply-fold). Good enough to index a table by its low bits.
inline uint64_t Mix(uint64_t a, uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a ^ 0x9e3779b97f4a7c15ull) * (b ^ 0xe7037ed1a0b428dbull);
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// XXH3 of a text, for keys of any length.
uint64_t Hash64(std::string_view bytes, uint64_t seed = 0);

struct Hash128 {
  uint64_t low = 0;
  uint64_t high = 0;
};
Hash128 Hash128Of(std::string_view bytes, uint64_t seed);

}  // namespace quaywatch::base
