// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a page of a list or an event of a watch, of each kind; the first byte chooses.
#include <cstdint>
#include <cstdlib>

#include "enrich/kubernetes/objects.h"

using namespace quaywatch::enrich::kubernetes;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto kind = static_cast<Kind>(data[0] % kKinds);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (const auto page = ParsePage(kind, text)) {
    for (const auto& object : page->objects) {
      if (KeyOf(object).empty()) abort();
    }
  }
  const auto event = ParseEvent(kind, text);
  if (event && event->object && KeyOf(*event->object).empty()) abort();
  return 0;
}
