// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/time.h"

namespace quaywatch::analyze::ntp {

inline constexpr size_t kHeaderSize = 48;
// What may follow the header without being an extension field: a key number and a digest (RFC 7822).
inline constexpr size_t kMaxMac = 24;

enum Mode : uint8_t {
  kReserved,
  kSymmetricActive,
  kSymmetricPassive,
  kClient,
  kServer,
  kBroadcast,
  kControl,
  kPrivate
};

// Header of modes 1 to 5 (RFC 5905, 7.3). Views into the datagram.
struct Times {
  uint8_t stratum = 0;
  base::Duration poll{};
  base::Duration precision{};
  base::Duration root_delay{};
  base::Duration root_dispersion{};
  base::Bytes reference_id;  // 4 bytes
  base::Timestamp reference;
  base::Timestamp origin;
  base::Timestamp receive;
  base::Timestamp transmit;
  uint32_t extensions = 0;
};

struct Message {
  uint8_t leap = 0;
  uint8_t version = 0;
  uint8_t mode = 0;
  std::optional<Times> times;  // of modes 1 to 5
};

}  // namespace quaywatch::analyze::ntp
