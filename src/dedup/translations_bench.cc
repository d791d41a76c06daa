// SPDX-License-Identifier: Apache-2.0
//
// What knowing translations costs: events taken in, flows looked up, and looking for events when there are none.
#include <benchmark/benchmark.h>

#include "dedup/translation_table.h"
#include "dedup/translations.h"

namespace quaywatch::dedup {
namespace {

base::Timestamp Now() { return std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now()); }

model::IpAddress Address(uint32_t number) {
  const uint8_t bytes[4] = {10, static_cast<uint8_t>(number >> 16), static_cast<uint8_t>(number >> 8),
                            static_cast<uint8_t>(number)};
  return model::IpAddress::V4(bytes);
}

// Connections of 200 clients to 50 services, translated or not.
TrackedConnection Connection(uint32_t i, bool translated) {
  TrackedConnection connection;
  const model::Port port{static_cast<uint16_t>(1024 + i / 200 % 60'000)};
  connection.original = {Address(i % 200), Address(100'000 + i % 50), port, {80}};
  connection.translated = connection.original;
  if (translated) {
    connection.translated.orig_h = Address(1);
    connection.translated.orig_p = {static_cast<uint16_t>(1024 + i % 60'000)};
    connection.translated.resp_h = Address(200'000 + i % 500);
  }
  connection.ip_proto = 6;
  connection.id = i;
  return connection;
}

void BeginAndEnd(benchmark::State& state) {
  TranslationTable table({});
  base::Timestamp now = Now();
  const bool translated = state.range(0) != 0;
  constexpr uint32_t kLive = 100'000;
  uint32_t i = 0;
  for (; i < kLive; ++i) table.Begin(Connection(i, translated), now, now);
  for (auto _ : state) {
    auto ended = Connection(i - kLive, translated);
    table.End(ended, now);
    table.Begin(Connection(i++, translated), now, now);
    now += std::chrono::microseconds(50);
    table.Expire(now);
  }
  state.SetItemsProcessed(state.iterations() * 2);
}
BENCHMARK(BeginAndEnd)->ArgName("translated")->Arg(0)->Arg(1);

void Find(benchmark::State& state) {
  TranslationTable table({});
  constexpr uint32_t kLive = 100'000;
  for (uint32_t i = 0; i < kLive; ++i) table.Begin(Connection(i, i % 2 == 0), {}, Now());
  uint32_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(table.Find(Connection(i, i % 4 == 0).translated, 6, Now()));
    i = (i + 7919) % kLive;
  }
}
BENCHMARK(Find);

// With the kernel: what a new flow costs, by the number of workers that ask at the same time.
Translations* Shared() {
  static const auto opened = Translations::Open({});
  return opened ? opened->get() : nullptr;
}

// For a packet from `ago`.
void Ask(benchmark::State& state, base::Duration ago) {
  Translations* translations = Shared();
  if (translations == nullptr) state.SkipWithError("cannot listen to conntrack: not root?");
  const model::FlowId id = Connection(1, false).original;
  for (auto _ : state) benchmark::DoNotOptimize(translations->Find(id, 6, Now() - ago));
}

void FindWithoutLooking(benchmark::State& state) { Ask(state, std::chrono::hours(1)); }
BENCHMARK(FindWithoutLooking)->ThreadRange(1, 2)->UseRealTime();

void FindThatLooks(benchmark::State& state) { Ask(state, {}); }
BENCHMARK(FindThatLooks)->ThreadRange(1, 2)->UseRealTime();

}  // namespace
}  // namespace quaywatch::dedup
