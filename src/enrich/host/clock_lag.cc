// SPDX-License-Identifier: Apache-2.0
#include "enrich/host/clock_lag.h"

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "enrich/host/network.h"

namespace quaywatch::enrich::host {
namespace {

// Timestamps are cut to 10 ms: samples this far apart, over more than that, find a cut close to the truth.
constexpr base::Duration kBetween = std::chrono::milliseconds(3);
constexpr uint8_t kSamples = 8;
constexpr uint32_t kLoopback = 1;  // its index in every namespace

std::optional<base::Duration> Measure() {
  if (unshare(CLONE_NEWNET) != 0) return std::nullopt;
  auto rtnetlink = Rtnetlink::Open();
  if (!rtnetlink) return std::nullopt;
  Network network(kNoNsid);
  std::optional<base::Duration> least;
  for (uint8_t i = 1; i <= kSamples; ++i) {
    const uint8_t bytes[] = {127, 0, 0, i};
    const model::IpAddress address = model::IpAddress::V4(bytes);
    if (!(*rtnetlink)->SetAddress(kLoopback, address)) return std::nullopt;
    const base::Duration set = Now().uptime;
    network.BeginDump(kNoNsid);
    network.EndDump((*rtnetlink)->Dump(kNoNsid, network));
    for (const HeldAddress& held : network.own().addresses) {
      if (held.address.address != address || held.address.created.count() == 0) continue;
      const base::Duration lag = set - held.address.created;
      least = std::min(least.value_or(lag), lag);
    }
    std::this_thread::sleep_for(kBetween);
  }
  return least ? std::optional(*least - kBetween) : std::nullopt;
}

}  // namespace

std::optional<base::Duration> KernelClockLag() {
  std::optional<base::Duration> lag;
  std::thread([&lag] { lag = Measure(); }).join();
  return lag;
}

}  // namespace quaywatch::enrich::host
