// SPDX-License-Identifier: Apache-2.0
//
// The table of file magic: which bytes name which type. Types, their strengths and what counts as a match
// follow Zeek's file signatures (scripts/base/frameworks/files/magic), many of which stem from libmagic.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace quaywatch::analyze::files {

struct Magic {
  int16_t strength;  // the strongest match wins; equal ones by alphabet
  std::string_view mime_type;
  std::string_view pattern;  // in the notation of pattern.h
};

// What patterns can't say (markup, JSON, scripts, plain text) is in markup.h and text.h.
std::span<const Magic> MagicTable();

}  // namespace quaywatch::analyze::files
