// SPDX-License-Identifier: Apache-2.0
//
// What a lookup costs with 100,000 workloads known, alone and while others look up and sources tell.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <thread>

#include "base/memory.h"
#include "enrich/directory.h"

namespace quaywatch::enrich {
namespace {

constexpr uint32_t kWorkloads = 50'000;  // each known to the host and to Kubernetes
constexpr base::Timestamp kNow = base::FromUnixNanos(1'700'000'000'000'000'000);

model::IpAddress Address(uint32_t number, uint8_t first = 10) {
  const uint8_t bytes[] = {first, static_cast<uint8_t>(number >> 16), static_cast<uint8_t>(number >> 8),
                           static_cast<uint8_t>(number)};
  return model::IpAddress::V4(bytes);
}

void PutPod(Directory& directory, uint32_t i, base::Timestamp since) {
  Claim local;
  local.id = fmt::format("net:[{}]", i);
  local.identity.kind = model::EndpointKind::kPod;
  local.netns = i + 1;
  local.interface = fmt::format("veth{:08x}", i);
  local.addresses = {Address(i)};
  local.container_id = fmt::format("{:064x}", i);
  local.pod_uid = fmt::format("00000000-0000-4000-8000-{:012x}", i);
  local.since = since;
  Claim pod;
  pod.id = pod.pod_uid = local.pod_uid;
  pod.identity = {.kind = model::EndpointKind::kPod,
                  .space = "shop",
                  .pod = fmt::format("storefront-7d9c5b6f4-{:05x}", i),
                  .container = "storefront",
                  .workload = "storefront",
                  .workload_kind = "Deployment",
                  .node = "worker-17",
                  .image = "registry.example.org/shop/storefront:1.14.2",
                  .labels = {"app=storefront", "pod-template-hash=7d9c5b6f4"}};
  pod.addresses = local.addresses;
  pod.since = since;
  directory.Put(SourceKind::kHost, std::move(local));
  directory.Put(SourceKind::kKubernetes, std::move(pod));
}

Directory& Filled() {
  static Directory directory({.node = "worker-17"});
  static const bool filled = [] {
    for (uint32_t i = 0; i < kWorkloads; ++i) PutPod(directory, i, kNow);
    for (uint32_t i = 0; i < Directory::kMaxDnsNames; ++i) {
      directory.Learn(Address(i % kWorkloads), fmt::format("host-{}.example.org", i), Address(i, 52), kNow,
                      std::chrono::minutes(10));
    }
    directory.SetActive(SourceKind::kHost, true);
    directory.SetActive(SourceKind::kKubernetes, true);
    return true;
  }();
  static_cast<void>(filled);
  return directory;
}

// Asks for `workloads` of them in turn: as many as are talking.
void Lookup(benchmark::State& state, uint8_t first, uint32_t workloads) {
  const Directory& directory = Filled();
  const base::Timestamp at = kNow + std::chrono::seconds(1);
  auto i = static_cast<uint32_t>(state.thread_index()) * 7919;
  for (auto _ : state) {
    i = (i + 7919) % workloads;
    const model::Endpoint end{Address(i, first), 41234, model::Transport::kTcp, 0};
    benchmark::DoNotOptimize(directory.HolderOf(end, Address(i), at, at));
  }
  state.SetItemsProcessed(state.iterations());
}

void BM_Pod(benchmark::State& state) { Lookup(state, 10, static_cast<uint32_t>(state.range(0))); }
void BM_Outside(benchmark::State& state) { Lookup(state, 52, static_cast<uint32_t>(state.range(0))); }
BENCHMARK(BM_Pod)->Arg(250)->Arg(kWorkloads)->Threads(1)->Threads(2)->Threads(8);
BENCHMARK(BM_Outside)->Arg(250)->Arg(kWorkloads)->Threads(1)->Threads(2);

// 1,000 pods come and go a second meanwhile.
void BM_PodWhileOthersComeAndGo(benchmark::State& state) {
  Directory& directory = Filled();
  const std::jthread source([&](const std::stop_token& stop) {
    for (uint32_t i = kWorkloads; !stop.stop_requested(); ++i) {
      PutPod(directory, kWorkloads + i % 1000, kNow + std::chrono::milliseconds(i));
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  Lookup(state, 10, 250);
}
BENCHMARK(BM_PodWhileOthersComeAndGo);

void BM_Put(benchmark::State& state) {
  Directory& directory = Filled();
  uint32_t i = 0;
  for (auto _ : state) PutPod(directory, i = (i + 1) % kWorkloads, kNow);
  state.SetItemsProcessed(2 * state.iterations());
}
BENCHMARK(BM_Put);

// Not a time: bytes of memory for each claim, after each was asked for once.
void BM_Memory(benchmark::State& state) {
  for (auto _ : state) {
    base::ReturnFreedMemory();
    const uint64_t before = base::ResidentBytes();
    Directory directory({.node = "worker-17"});
    for (uint32_t i = 0; i < kWorkloads; ++i) PutPod(directory, i, kNow);
    for (uint32_t i = 0; i < kWorkloads; ++i) {
      const model::Endpoint end{Address(i), 41234, model::Transport::kTcp, 0};
      benchmark::DoNotOptimize(directory.HolderOf(end, Address(i), kNow, kNow));
    }
    base::ReturnFreedMemory();
    state.counters["bytes_per_claim"] =
        static_cast<double>(base::ResidentBytes() - before) / static_cast<double>(directory.counters().claims);
  }
}
BENCHMARK(BM_Memory)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace quaywatch::enrich
