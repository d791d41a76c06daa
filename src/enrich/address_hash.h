// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>

#include "base/hash.h"
#include "model/address.h"

namespace quaywatch::enrich {

// For tables by address.
struct AddressHash {
  size_t operator()(const model::IpAddress& address) const {
    uint64_t words[2];
    std::memcpy(words, address.mapped().data(), sizeof words);
    return base::Mix(words[0], words[1]);
  }
};

}  // namespace quaywatch::enrich
