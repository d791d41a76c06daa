// SPDX-License-Identifier: Apache-2.0
#include "capture/link_type.h"

#include <fmt/format.h>
#include <pcap/pcap.h>

namespace quaywatch::capture {
namespace {

// Link types are numbered from 0; none above this is defined or supported.
constexpr uint32_t kHighest = 1023;

std::string Describe(uint32_t link_type) {
  const char* name = link_type <= kHighest ? pcap_datalink_val_to_name(LibpcapLinkType(link_type)) : nullptr;
  return name != nullptr ? fmt::format("{} ({})", link_type, name) : fmt::format("{}", link_type);
}

}  // namespace

bool IsSupportedLink(uint32_t link_type) {
  return link_type <= UINT16_MAX && model::IsSupported(static_cast<uint16_t>(link_type));
}

int LibpcapLinkType(uint32_t link_type) {
  return link_type == static_cast<uint32_t>(model::LinkType::kRaw) ? DLT_RAW : static_cast<int>(link_type);
}

std::string UnsupportedLink(const std::string& file, uint32_t link_type) {
  std::string supported;
  for (uint32_t i = 0; i <= kHighest; ++i) {
    if (IsSupportedLink(i)) supported += (supported.empty() ? "" : ", ") + Describe(i);
  }
  return fmt::format("{} has link type {}, which is not supported; supported are {}", file, Describe(link_type),
                     supported);
}

}  // namespace quaywatch::capture
