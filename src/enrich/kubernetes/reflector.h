// SPDX-License-Identifier: Apache-2.0
//
// Follows all objects of one kind: lists them once, page by page, then watches from there
// (kubernetes.io/docs/reference/using-api/api-concepts, "Efficient detection of changes").
//
//   list ──▶ watch ──▶ ended, reset, silent: watch again from the last version seen
//    ▲         └────▶ 410 (the server no longer has that version): list again, after a pause
//    └── 404: the next way to ask
//
// Any failure waits for Backoff or what the server's Retry-After says; the pause only becomes short again when a
// watch held for kStable. So a list is never made in a loop. Makes no requests itself: it says which one is next and
// takes the answer.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "enrich/kubernetes/backoff.h"
#include "enrich/kubernetes/client.h"
#include "enrich/kubernetes/cluster.h"
#include "enrich/kubernetes/objects.h"

namespace quaywatch::enrich::kubernetes {

// Where a kind of objects is asked for.
struct Resource {
  Kind kind;
  std::string group;  // of the API; empty for the core
  std::string version;
  std::string name;            // "pods"
  std::string field_selector;  // empty: all
};

class Reflector : public Receiver {
 public:
  using Clock = std::chrono::steady_clock;

  static constexpr size_t kPageObjects = 500;
  static constexpr size_t kMaxPage = 64 << 20;        // bytes; pages of more are asked for in halves
  static constexpr size_t kMaxLine = 8 << 20;         // bytes of an event; longer ones are skipped
  static constexpr std::chrono::seconds kHeld{1};     // a watch of this age has begun well
  static constexpr std::chrono::seconds kStable{10};  // and of this, nothing of old failures counts
  // A server tells at least each minute or so that it is still there (bookmarks).
  static constexpr std::chrono::seconds kSilence{180};

  struct Report {
    bool synced = false;    // the first list was read
    std::string trouble;    // for a person: why there is no news now; empty: there is
    std::string forbidden;  // "list", "watch": what we may not do; then `trouble` is said by it
    uint64_t events = 0;
    uint64_t skipped = 0;
    uint64_t reconnects = 0;
  };

  // `ways`: where to ask, the best first; the others are for servers that don't have it. `now` is asked for the
  // time.
  Reflector(std::vector<Resource> ways, Cluster& cluster, uint64_t seed,
            std::function<Clock::time_point()> now = Clock::now);

  // The request that is due; nothing while one is under way, or before its time. To be called about each second.
  std::optional<Request> Next();

  bool OnBytes(int status, std::string_view bytes) override;
  void OnEnd(const Response& response) override;

  const Report& report() const { return report_; }
  const Resource& resource() const { return ways_[way_]; }

 private:
  enum class Doing : uint8_t { kList, kWatch };

  Request ListRequest() const;
  Request WatchRequest();
  bool OnWatchBytes(std::string_view bytes);
  bool OnLine(std::string_view line);
  void OnPage();
  void OnWatchEnd(const Response& response);
  void OnRefusal(const Response& response);
  void OnMissing();
  void ListAgain();
  void Fail(std::string trouble, std::chrono::seconds at_least = {});
  void ForgetTrouble();

  std::vector<Resource> ways_;
  size_t way_ = 0;
  Cluster& cluster_;
  std::function<Clock::time_point()> now_;
  std::mt19937_64 random_;
  Backoff backoff_;
  Report report_;

  Doing doing_ = Doing::kList;
  bool under_way_ = false;
  bool answered_ = false;    // the request under way has an answer of status 200
  Clock::time_point due_{};  // when the next request may be made
  Clock::time_point answered_at_{};

  // Of the list: what came so far, where the next page begins.
  std::vector<Object> objects_;
  std::string next_;
  std::string body_;
  bool too_long_ = false;
  size_t limit_ = kPageObjects;

  // Of the watch.
  std::string version_;    // the last seen
  std::string line_;       // the beginning of one
  bool skipping_ = false;  // the rest of a line that is too long
  bool expired_ = false;
  bool heard_ = false;  // an event that made sense
  std::string broken_;  // why it was given up
};

}  // namespace quaywatch::enrich::kubernetes
