// SPDX-License-Identifier: Apache-2.0
//
// The directory's contents as JSON (docs/cluster-state.md). Pure: values to text and back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "enrich/directory.h"
#include "enrich/dns_names.h"
#include "enrich/interface_names.h"

namespace quaywatch::enrich {

inline constexpr uint64_t kStateVersion = 1;
// Beyond any of these it is refused. Reading takes about five times the document's size in memory for a moment.
inline constexpr size_t kMaxStateBytes = 512u << 20;
inline constexpr size_t kMaxStateText = 4096;     // bytes of any one text
inline constexpr size_t kMaxStateList = 100'000;  // elements of a list within a claim or a service

struct SavedState {
  struct SourceClaim {
    SourceKind source = SourceKind::kState;
    Claim claim;
  };
  base::Timestamp saved{};
  std::string node;
  std::vector<model::IpAddress> host_addresses;
  std::vector<SourceClaim> claims;
  std::vector<Service> services;
  std::vector<DnsName> dns_names;
  std::vector<InterfaceNames::Named> interfaces;
};

// The same contents give the same text. Texts that are no UTF-8 lose the bytes that are at fault.
std::string WriteState(const SavedState& state);
// Fields that are unknown are skipped, those that are missing are empty. Fails with a line for a person that says what
// is wrong where.
base::Result<SavedState> ReadState(std::string_view json);

}  // namespace quaywatch::enrich
