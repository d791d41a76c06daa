// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as what an engine says: as a stream of events cut at two places, and as each kind of answer.
#include <cstdlib>
#include <string_view>
#include <vector>

#include "enrich/docker/identity.h"
#include "enrich/docker/lines.h"
#include "enrich/docker/parse.h"

using namespace quaywatch::enrich::docker;

namespace {

void Check(const Facts& facts) {
  size_t bytes = 0;
  for (const auto& [key, value] : facts.labels) bytes += key.size() + value.size();
  if (facts.name.size() > kMaxText || facts.image.size() > kMaxText || bytes > kMaxLabelBytes) abort();
  Describe(std::string(64, '0'), facts);
}

void Check(const Container& container) {
  if (!IsContainerId(container.id) || container.attachments.size() > kMaxAttachments) abort();
  Check(container.facts);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Lines lines;
  const auto on_line = [](std::string_view line) {
    if (const auto event = ParseEvent(line); event && event->kind != Event::Kind::kOther) {
      if (!IsContainerId(event->container)) abort();
      Check(event->facts);
    }
  };
  for (const size_t end : {size / 3, size / 2, size}) {
    const size_t begin = end == size / 3 ? 0 : end == size ? size / 2 : size / 3;
    lines.Add(text.substr(begin, end - begin), on_line);
  }
  if (const auto container = ParseContainer(text)) Check(*container);
  if (const auto list = ParseContainerList(text)) {
    for (const Container& container : list->containers) Check(container);
  }
  ParseNetwork(text);
  ParseVersion(text);
  ParseTime(text);
  return 0;
}
