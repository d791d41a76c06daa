// SPDX-License-Identifier: Apache-2.0
//
// A packet as it was captured, before anything is known of it.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/time.h"

namespace quaywatch::model {

// Link types by their numbers in capture files (LINKTYPE_*, tcpdump.org/linktypes.html). Sources refuse
// a file whose link type is none of these.
enum class LinkType : uint16_t {
  kNull = 0,
  kEthernet = 1,
  kPpp = 9,
  kFddi = 10,
  kRawBsd = 12,
  kPppSerial = 50,
  kPppoe = 51,
  kRaw = 101,
  kIeee80211 = 105,
  kLoop = 108,
  kLinuxSll = 113,
  kIeee80211Prism = 119,
  kIeee80211Radio = 127,
  kIeee80211Avs = 163,
  kPpi = 192,
  kIpv4 = 228,
  kIpv6 = 229,
  kNflog = 239,
  kLinuxSll2 = 276,
};

// Is it one of the above?
bool IsSupported(uint16_t link_type);

struct RawPacket {
  base::Timestamp ts;
  base::Bytes data;  // valid until the source is asked for the next packet
  // Bytes the frame had: data is as long or shorter (snap length). 0 where a broken file says so.
  uint32_t wire_length = 0;
  LinkType link = LinkType::kEthernet;
  uint32_t interface = 0;  // the kernel's ifindex when live, the interface's number in a pcapng file
  // The network namespace of that interface: its inode number; 0 for the sensor's own and for files.
  uint32_t netns = 0;
  bool outgoing = false;  // live: it leaves by the interface
  uint64_t number = 0;    // 1 for the source's first packet
  // What the sender's kernel left for the card to do (virtio_net_hdr; all zero from files):
  uint16_t segment_size = 0;  // a super-packet to be cut into payloads of this many bytes; 0 if none
  bool checksum_pending = false;
};

}  // namespace quaywatch::model
