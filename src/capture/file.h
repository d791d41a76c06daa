// SPDX-License-Identifier: Apache-2.0
//
// Capture files: pcap (microseconds and nanoseconds, both byte orders) and pcapng, each plain or packed
// with gzip or zstd, from a path or standard input.
// Formats: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
#pragma once

#include <memory>
#include <string>

#include "capture/source.h"

namespace quaywatch::capture {

// `path` "-" is standard input. `filter` in pcap-filter(7)'s language; empty lets all packets pass.
// Fails with a line for a person: not there, no right to read, a folder, not a capture, empty, a link
// type that is not supported, a filter that is wrong.
base::Result<std::unique_ptr<Source>> OpenFile(const std::string& path, const std::string& filter = {});

// The same for an open file or pipe, which it takes over; `name` stands for it in messages.
// `max_window_log`: largest zstd window accepted, as a power of two.
base::Result<std::unique_ptr<Source>> OpenDescriptor(int fd, const std::string& name, const std::string& filter = {},
                                                     int max_window_log = 31);

}  // namespace quaywatch::capture
