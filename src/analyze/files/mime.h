// SPDX-License-Identifier: Apache-2.0
//
// What kind of file is it? By its first bytes alone, in the words of Zeek's file signatures.
#pragma once

#include <string_view>

#include "base/bytes.h"

namespace quaywatch::analyze::files {

// The type of a file that begins with `head` (the whole file or at least kSniffLimit bytes; only so many are
// looked at). Empty if nothing is known of it. The text lives as long as the program.
std::string_view DetectMimeType(base::Bytes head);

}  // namespace quaywatch::analyze::files
