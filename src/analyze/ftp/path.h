// SPDX-License-Identifier: Apache-2.0
//
// Paths on the server, as far as the client's moves between directories tell them.
#pragma once

#include <string>
#include <string_view>

namespace quaywatch::analyze::ftp {

// The longest path kept; a longer one is cut.
inline constexpr size_t kMaxPath = 8192;

// `file` seen from `directory`: itself if it is absolute; without "." and "..", and without double slashes.
std::string JoinPath(std::string_view directory, std::string_view file);

// The first absolute path in a reply, in quotes or not; empty if there is none.
std::string_view FindPath(std::string_view text);

}  // namespace quaywatch::analyze::ftp
