// SPDX-License-Identifier: Apache-2.0
//
// The type of any bytes: found without harm, and the same when asked again.
#include <cassert>
#include <cstddef>
#include <cstdint>

#include "analyze/files/mime.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const quaywatch::base::Bytes head(data, size);
  [[maybe_unused]] const auto type = quaywatch::analyze::files::DetectMimeType(head);
  assert(type == quaywatch::analyze::files::DetectMimeType(head));
  return 0;
}
