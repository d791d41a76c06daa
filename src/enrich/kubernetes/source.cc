// SPDX-License-Identifier: Apache-2.0
#include <curl/curl.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <random>
#include <thread>

#include "enrich/kubernetes/find_access.h"
#include "enrich/kubernetes/kubernetes.h"
#include "enrich/kubernetes/summary.h"

namespace quaywatch::enrich {
namespace kubernetes {
namespace {

using Clock = std::chrono::steady_clock;

base::Timestamp WallClock() { return std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now()); }

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "";
}

std::vector<model::IpAddress> OwnAddresses() {
  std::vector<model::IpAddress> addresses;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return addresses;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr) continue;
    if (entry->ifa_addr->sa_family == AF_INET) {
      const auto* v4 = reinterpret_cast<const sockaddr_in*>(entry->ifa_addr);
      addresses.push_back(model::IpAddress::V4(reinterpret_cast<const uint8_t*>(&v4->sin_addr)));
    } else if (entry->ifa_addr->sa_family == AF_INET6) {
      const auto* v6 = reinterpret_cast<const sockaddr_in6*>(entry->ifa_addr);
      addresses.push_back(model::IpAddress::V6(v6->sin6_addr.s6_addr));
    }
  }
  freeifaddrs(list);
  return addresses;
}

class KubernetesSource : public Source {
 public:
  KubernetesSource(Found found, KubernetesOptions options, Directory& directory, Say say)
      : options_(std::move(options)),
        directory_(directory),
        say_(std::move(say)),
        where_(found.access.server),
        client_(std::move(found.access)),
        cluster_(directory) {
    if (found.of_kubelet) options_.pods_of_this_node_only = true;
    status_ = {.kind = SourceKind::kKubernetes, .state = SourceState::kWaiting, .where = where_, .since = WallClock()};
    Follow({{Kind::kNodes, "", "v1", "nodes", ""}});
    Follow({{Kind::kServices, "", "v1", "services", ""}});
    Follow({{Kind::kSlices, "discovery.k8s.io", "v1", "endpointslices", ""},
            {Kind::kSlices, "discovery.k8s.io", "v1beta1", "endpointslices", ""},
            {Kind::kEndpoints, "", "v1", "endpoints", ""}});
    Follow({{Kind::kReplicaSets, "apps", "v1", "replicasets", ""}});
    Follow({{Kind::kJobs, "batch", "v1", "jobs", ""}});
    thread_ = std::thread([this] { Run(); });
  }

  ~KubernetesSource() override {
    stop_ = true;
    client_.Wake();
    thread_.join();
  }

  SourceStatus status() const override {
    const std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  void Follow(std::vector<Resource> ways) {
    reflectors_.push_back(std::make_unique<Reflector>(std::move(ways), cluster_, std::random_device{}()));
  }

  void Run() {
    while (!stop_) {
      if (!pods_) FollowPods();
      for (const auto& reflector : reflectors_) {
        if (const auto request = reflector->Next()) client_.Start(*request, *reflector);
      }
      client_.Run(std::chrono::milliseconds(500));
      cluster_.Flush();
      Report();
    }
  }

  // Once this machine's name is known: pods that run here are told more of.
  void FollowPods() {
    auto node = options_.node;
    if (const char* name = std::getenv("NODE_NAME"); node.empty() && name) node = name;
    if (node.empty()) {
      const auto& nodes = reflectors_.front()->report();
      if (!nodes.synced && nodes.trouble.empty() && nodes.forbidden.empty()) return;
      const auto own = OwnAddresses();
      node = cluster_.NodeWith([&](const auto& address) { return std::ranges::find(own, address) != own.end(); });
    }
    if (node.empty()) node = HostName();
    cluster_.SetOwnNode(node);
    Follow({{Kind::kPods, "", "v1", "pods", options_.pods_of_this_node_only ? "spec.nodeName=" + node : ""}});
    pods_ = reflectors_.back().get();
  }

  void Report() {
    std::vector<const Reflector*> all;
    for (const auto& reflector : reflectors_) all.push_back(reflector.get());
    auto summary = Summarize(all);
    if (!pods_ && summary.state == SourceState::kWorking) summary.state = SourceState::kWaiting;
    const bool active = pods_ && pods_->report().synced && pods_->report().trouble.empty();
    if (active != std::exchange(active_, active)) directory_.SetActive(SourceKind::kKubernetes, active);
    {
      const std::lock_guard lock(mutex_);
      if (summary.state != status_.state) status_.since = WallClock();
      status_.state = summary.state;
      status_.detail = summary.detail;
      status_.events = summary.events;
      status_.skipped = summary.skipped + cluster_.refused();
      status_.reconnects = summary.reconnects;
    }
    SayChange(summary);
  }

  // A change is said when it has lasted for a while: several watches break one after the other.
  void SayChange(const Summary& summary) {
    constexpr std::chrono::seconds kLasting{1};
    const auto now = Clock::now();
    auto line = LineFor(summary);
    if (line != line_) {
      line_ = std::move(line);
      line_since_ = now;
    }
    if (line_.empty() || line_ == said_ || now - line_since_ < kLasting) return;
    // While it fails, the ways in which it does are for the status.
    const bool news = summary.state != said_state_ || summary.state == SourceState::kWorking;
    if (!news) return;
    say_(line_);
    said_ = line_;
    said_state_ = summary.state;
  }

  std::string LineFor(const Summary& summary) const {
    if (summary.state == SourceState::kWaiting) return {};
    if (summary.state == SourceState::kFailing) {
      return fmt::format("kubernetes: {}: {}; names stay as they were, and we go on trying", where_, summary.detail);
    }
    if (!summary.detail.empty()) return fmt::format("kubernetes: {}: {}", where_, summary.detail);
    return fmt::format("kubernetes: {}: names are up to date", where_);
  }

  KubernetesOptions options_;
  Directory& directory_;
  Say say_;
  std::string where_;
  Client client_;
  Cluster cluster_;
  std::vector<std::unique_ptr<Reflector>> reflectors_;  // the first: of nodes
  const Reflector* pods_ = nullptr;
  bool active_ = false;
  std::string line_;  // that there is to say
  Clock::time_point line_since_{};
  std::string said_;
  SourceState said_state_ = SourceState::kWaiting;
  mutable std::mutex mutex_;
  SourceStatus status_;  // guarded by mutex_
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

class NoKubernetes : public Source {
 public:
  SourceStatus status() const override {
    return {.kind = SourceKind::kKubernetes, .state = SourceState::kAbsent, .since = since_};
  }

 private:
  base::Timestamp since_ = WallClock();
};

}  // namespace
}  // namespace kubernetes

base::Result<std::unique_ptr<Source>> StartKubernetes(KubernetesOptions options, Directory& directory, Say say) {
  auto found = kubernetes::FindAccess(options);
  if (!found) return std::unexpected(found.error());
  if (!*found) return std::make_unique<kubernetes::NoKubernetes>();
  curl_global_init(CURL_GLOBAL_DEFAULT);
  return std::make_unique<kubernetes::KubernetesSource>(std::move(**found), std::move(options), directory,
                                                        std::move(say));
}

}  // namespace quaywatch::enrich
