// SPDX-License-Identifier: Apache-2.0
#include "enrich/source.h"

#include <array>

namespace quaywatch::enrich {

std::string_view SourceName(SourceKind source) {
  constexpr std::array<std::string_view, 5> kNames{"state", "host", "docker", "containerd", "kubernetes"};
  return kNames[static_cast<size_t>(source)];
}

std::string_view StateName(SourceState state) {
  constexpr std::array<std::string_view, 4> kNames{"absent", "waiting", "working", "failing"};
  return kNames[static_cast<size_t>(state)];
}

}  // namespace quaywatch::enrich
