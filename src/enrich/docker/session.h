// SPDX-License-Identifier: Apache-2.0
//
// One connection to an engine, from agreeing on a version to its end: subscribes to events, lists, then asks about
// what the events name.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "enrich/docker/http.h"
#include "enrich/docker/lines.h"
#include "enrich/docker/roster.h"

namespace quaywatch::enrich::docker {

// Read by other threads.
struct Tally {
  std::atomic<uint64_t> events = 0;
  std::atomic<uint64_t> skipped = 0;
};

// Why a connection ended.
struct Ending {
  bool forbidden = false;  // the socket may not be opened
  bool listed = false;     // it had worked
  std::string detail;      // for a person
};

class Session {
 public:
  static constexpr size_t kMaxList = 64 << 20;    // bytes of an answer
  static constexpr size_t kMaxObject = 4 << 20;   // of one about one thing
  static constexpr size_t kContainersAtOnce = 8;  // requests under way
  static constexpr size_t kNetworksAtOnce = 4;
  static constexpr base::Duration kPatience = std::chrono::seconds(10);
  static constexpr ApiVersion kOldest{1, 24};
  static constexpr ApiVersion kPreferred{1, 41};

  // Called when all that was there is known, and with a text for a person when the engine refuses a part of what we
  // ask for.
  using Working = std::function<void(const std::string& engine, const std::string& detail)>;

  // `blind_since`: until when the roster has all events; the epoch if it never had any.
  Session(const std::string& socket_path, Roster& roster, base::Timestamp blind_since, Tally& tally, Working working);

  // Until the connection ends or Stop is called.
  Ending Run();
  // From any thread.
  void Stop();

 private:
  // What the engine says to one request; nothing after `ending_` was filled in.
  std::optional<Http::Reply> Ask(const std::string& path, size_t max_bytes);
  bool Agree();
  bool Subscribe();
  bool List();
  void Follow();

  void OnEvents(std::string_view bytes);
  void AskAboutNetwork(const Roster::Question& question);
  void AskAboutContainer(const Roster::Question& question);
  // True if the answer can be read; else counts it, and takes note if it is that we may not ask.
  bool IsGood(const Http::Reply& reply, std::string_view what);
  std::string Refused(std::string_view path, int status) const;
  void Fail(const Http::Reply& reply, const std::string& path);
  bool over() const { return stop_ || !ending_.detail.empty(); }
  void CountLeftOut();

  std::string socket_path_;
  Roster& roster_;
  base::Timestamp blind_since_;
  Tally& tally_;
  Working working_;
  std::string engine_;
  std::string prefix_;  // of paths: "/v1.41"
  Lines lines_;
  uint64_t left_out_ = 0;  // by lines_ and roster_, counted already
  int events_status_ = 0;  // 0: their answer's head has not come
  size_t containers_under_way_ = 0;
  size_t networks_under_way_ = 0;
  std::string refused_;
  Ending ending_;
  std::atomic<bool> stop_ = false;
  Http http_;  // last: its requests refer to the others
};

}  // namespace quaywatch::enrich::docker
