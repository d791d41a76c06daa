// SPDX-License-Identifier: Apache-2.0
//
// One connection to a runtime: what it has is claimed, and kept up to date by its events.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.h"
#include "enrich/containerd/inventory.h"
#include "enrich/containerd/messages.h"
#include "enrich/containerd/rpc.h"
#include "enrich/directory.h"

namespace quaywatch::enrich::containerd {

struct Counters {
  std::atomic<uint64_t> events = 0;
  std::atomic<uint64_t> skipped = 0;
};

class Session {
 public:
  // Events waiting; over it they are skipped and everything is listed anew.
  static constexpr size_t kMaxEvents = 10'000;
  // Questions to be asked again because the runtime did not know yet.
  static constexpr size_t kMaxRetries = 4'096;

  // All must outlive the session.
  Session(Rpc& rpc, Directory& directory, Counters& counters);

  // Runs until the connection fails, with the reason for a person, or until Rpc::Cancel, without. `on_ready` is called
  // once all is claimed, and again whenever its argument changes: what can't be asked, for a person; empty if nothing.
  base::Result<> Run(const std::function<void(const std::string&)>& on_ready);

 private:
  using Clock = std::chrono::steady_clock;

  struct Occurrence {
    Event event;
    uint32_t netns = 0;
  };
  // To CRI, about one id.
  struct Question {
    std::string id;
    bool sandbox = false;
    int attempt = 0;
  };

  // In a thread of its own.
  void Follow();
  void Take(std::optional<Event> event);

  // Everything from the beginning (listing.cc). Fails if the connection does.
  base::Result<> List();
  base::Result<> ListContainers(Inventory& fresh);
  base::Result<> ListPods(Inventory& fresh);
  base::Result<> FindCri();
  // With its network namespace, if that can be found.
  static void Put(Inventory& inventory, Object object);
  // What can't be asked, for a person.
  std::string Missing() const;

  void Handle(const Occurrence& occurrence);
  uint32_t NetnsOf(const std::string& key, uint32_t seen) const;
  void Skip(uint64_t count = 1) { counters_.skipped.fetch_add(count, std::memory_order_relaxed); }
  void Publish(const std::string& key);
  Reply AskCri(const char* method, const std::string& request);
  void AskContainer(const std::string& group, const std::string& id);
  void AskSandboxOf(const std::string& key);
  void AskPod(const Event& event);
  void Ask(Question question);
  void AskAgain();
  bool AskSandbox(const std::string& id);
  bool AskPodContainer(const std::string& id);

  Rpc& rpc_;
  Directory& directory_;
  Counters& counters_;
  Inventory inventory_;
  bool has_containers_ = true;  // containerd's own API
  std::string cri_;             // service of CRI; empty: there is none
  std::string cri_trouble_;     // why CRI does not answer, although it is there
  std::multimap<Clock::time_point, Question> retries_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Occurrence> occurrences_;
  bool overflow_ = false;
  bool polling_ = false;  // there are no events
  bool ended_ = false;
  Reply end_;
};

}  // namespace quaywatch::enrich::containerd
