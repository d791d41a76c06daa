// SPDX-License-Identifier: Apache-2.0
#include "capture/format.h"

#include <fmt/format.h>

namespace quaywatch::capture {

Next Format::Damaged(uint64_t offset, std::string what) {
  damage_ = std::move(what);
  damage_offset_ = offset;
  return Next::kDamaged;
}

Next Format::CutShort(const char* piece, uint64_t offset, uint64_t needed, uint64_t left) {
  if (!window_.input().error().empty()) return Damaged(offset, window_.input().error());
  return Damaged(offset, fmt::format("the file is cut short: {} needs {} bytes, {} are left", piece, needed, left));
}

Next Format::TooLong(uint64_t offset, uint32_t captured, uint32_t most) {
  return Damaged(offset, fmt::format("it claims {} captured bytes, more than the {} possible", captured, most));
}

}  // namespace quaywatch::capture
