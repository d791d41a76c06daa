// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as messages of conntrack, and what they say into the table of translations.
#include <cstdlib>
#include <cstring>
#include <vector>

#include "dedup/conntrack_message.h"
#include "dedup/translation_table.h"

using namespace quaywatch;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kMaxEntries = 8;
  std::vector<uint32_t> aligned(size / 4 + 1);
  std::memcpy(aligned.data(), data, size);
  dedup::TranslationTable table({.max_entries = kMaxEntries, .max_tracked = 16});
  auto now = base::FromUnixNanos(1'000'000'000'000);
  const auto summary = dedup::ReadConntrackMessages(
      {reinterpret_cast<const uint8_t*>(aligned.data()), size}, [&](const dedup::TrackedConnection& connection) {
        now += std::chrono::milliseconds(700);
        connection.destroyed ? table.End(connection, now) : table.Begin(connection, now, now);
        const auto found = table.Find(connection.original, connection.ip_proto, now);
        if (!connection.destroyed && connection.is_translated() && found.translation == nullptr) abort();
        table.Expire(now);
      });
  if (summary.done) {
    table.BeginList(now);
    table.EndList(now);
  }
  dedup::TranslationCounters counters;
  table.Count(counters);
  if (counters.live > kMaxEntries) abort();
  return 0;
}
