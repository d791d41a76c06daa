// SPDX-License-Identifier: Apache-2.0
//
// Link types in messages, and by their numbers for libpcap.
#pragma once

#include <cstdint>
#include <string>

#include "model/packet.h"

namespace quaywatch::capture {

bool IsSupportedLink(uint32_t link_type);

// libpcap's number (DLT_*), which differs from the one in files for a few.
int LibpcapLinkType(uint32_t link_type);

// "trace.pcap has link type 220 (USB_LINUX_MMAPPED), ...": one line that names the supported ones.
std::string UnsupportedLink(const std::string& file, uint32_t link_type);

}  // namespace quaywatch::capture
