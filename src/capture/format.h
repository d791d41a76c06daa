// SPDX-License-Identifier: Apache-2.0
//
// What FileSource asks of a capture format. One reader per format: pcap.cc, pcapng.cc.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "capture/source.h"
#include "capture/window.h"
#include "model/packet.h"

namespace quaywatch::capture {

// A larger packet than these is damage: the larger of the file's snap length and kUsualPacketBytes, but
// never more than kMaxPacketBytes.
inline constexpr uint32_t kUsualPacketBytes = 262144;
inline constexpr uint32_t kMaxPacketBytes = 16u << 20;

// A frame had at least what was captured of it, whatever a broken file says; but 0 is kept.
inline uint32_t WireLength(uint32_t claimed, uint32_t captured) {
  return claimed == 0 ? 0 : std::max(claimed, captured);
}

class Format {
 public:
  virtual ~Format() = default;

  // Fills everything but what only live packets have. Never kIdle.
  virtual Next Read(model::RawPacket& packet) = 0;

  // The first interface's that is supported; Ethernet if there is no interface (yet).
  virtual model::LinkType first_link() const = 0;

  // Packets found so far, also those of unsupported interfaces.
  uint64_t packets() const { return packets_; }
  // Of them, those not handed out because of their interface's link type.
  uint64_t unsupported() const { return unsupported_; }
  // After kDamaged: what is wrong, and where in the unpacked stream the damaged piece begins.
  const std::string& damage() const { return damage_; }
  uint64_t damage_offset() const { return damage_offset_; }

 protected:
  explicit Format(Window& window) : window_(window) {}

  Next Damaged(uint64_t offset, std::string what);
  // The input ended (or broke) where a piece at `offset` needs `needed` bytes and only `left` are there.
  Next CutShort(const char* piece, uint64_t offset, uint64_t needed, uint64_t left);
  Next TooLong(uint64_t offset, uint32_t captured, uint32_t most);

  Window& window_;
  uint64_t packets_ = 0;
  uint64_t unsupported_ = 0;

 private:
  std::string damage_;
  uint64_t damage_offset_ = 0;
};

// Do the first bytes of a file (at least 4) belong to this format?
bool IsPcap(base::Bytes begin);
bool IsPcapng(base::Bytes begin);

// REQUIRES: IsPcap or IsPcapng of the window's next bytes. Fails on a header that cannot be used and on
// a link type that is not supported; of several interfaces one must be. OpenPcapng reads on to the first
// packet to know that.
base::Result<std::unique_ptr<Format>> OpenPcap(Window& window);
base::Result<std::unique_ptr<Format>> OpenPcapng(Window& window);

}  // namespace quaywatch::capture
