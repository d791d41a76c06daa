// SPDX-License-Identifier: Apache-2.0
#include "enrich/docker/docker.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <optional>
#include <random>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "enrich/docker/session.h"
#include "enrich/path_watch.h"

namespace quaywatch::enrich::docker {
namespace {

// Between attempts: doubles from the first to the last, of which a random part is taken.
constexpr base::Duration kFirstPause = std::chrono::milliseconds(100);
constexpr base::Duration kLastPause = std::chrono::seconds(2);
// A connection that lasted this long was a good one: the next attempt is made soon.
constexpr base::Duration kGood = std::chrono::seconds(10);
// An engine that is being restarted is waited for with records; one that failed for longer is not.
constexpr base::Duration kRestart = std::chrono::seconds(30);
constexpr base::Duration kForever = std::chrono::hours(24);

base::Timestamp Now() { return std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now()); }

std::vector<std::string> Candidates(const DockerOptions& options) {
  if (!options.socket.empty()) return {std::filesystem::absolute(options.socket).string()};
  std::vector<std::string> paths;
  constexpr size_t kSchemeSize = std::string_view("unix://").size();
  if (const char* host = std::getenv("DOCKER_HOST");
      host != nullptr && std::string_view(host).starts_with("unix:///")) {
    paths.emplace_back(host + kSchemeSize);
  }
  for (const char* path : {"/run/docker.sock", "/var/run/docker.sock", "/run/podman/podman.sock"}) {
    paths.emplace_back(path);
  }
  return paths;
}

class DockerSource : public Source {
 public:
  DockerSource(DockerOptions options, Directory& directory, Say say)
      : directory_(directory),
        say_(std::move(say)),
        must_exist_(!options.socket.empty()),
        sockets_(Candidates(options)),
        roster_(directory) {
    status_.kind = SourceKind::kDocker;
    status_.since = Now();
    status_.where = must_exist_ ? "unix://" + options.socket : "";
    thread_ = std::thread([this] { Run(); });
  }

  ~DockerSource() override {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
      if (session_) session_->Stop();
    }
    sockets_.Stop();
    stopped_.notify_all();
    thread_.join();
  }

  SourceStatus status() const override {
    const std::lock_guard lock(mutex_);
    SourceStatus status = status_;
    status.events = tally_.events;
    status.skipped = tally_.skipped;
    return status;
  }

 private:
  void Run() {
    base::Duration pause = kFirstPause;
    while (!stopped()) {
      const auto socket = sockets_.Wait(base::Duration::zero());
      if (!socket) {
        Missing();
        sockets_.Wait(kForever);
        pause = kFirstPause;
        continue;
      }
      directory_.SetActive(SourceKind::kDocker, !given_up_);
      const base::Timestamp begun = Now();
      const Ending ending = Connect(*socket);
      if (stopped()) return;
      if (ending.listed) blind_since_ = Now();
      Failed(*socket, ending);
      if (ending.listed && Now() - begun > kGood) pause = kFirstPause;
      Pause(pause);
      pause = std::min(pause * 2, kLastPause);
    }
  }

  Ending Connect(const std::string& socket) {
    const auto working = [&](const std::string& engine, const std::string& detail) {
      failing_since_.reset();
      given_up_ = false;
      directory_.SetActive(SourceKind::kDocker, true);
      Change(SourceState::kWorking, socket, detail, fmt::format("docker: names from {} ({})", socket, engine));
      had_worked_ = true;
    };
    Session session(socket, roster_, blind_since_, tally_, working);
    {
      const std::lock_guard lock(mutex_);
      if (stop_) return {};
      session_ = &session;
      if (had_worked_) ++status_.reconnects;
    }
    Ending ending = session.Run();
    const std::lock_guard lock(mutex_);
    session_ = nullptr;
    return ending;
  }

  // There is no socket.
  void Missing() {
    directory_.SetActive(SourceKind::kDocker, false);
    if (must_exist_ || had_worked_) {
      const std::string where = status().where;
      const std::string detail = fmt::format("there is no socket at {}: is the daemon running?", where);
      Change(SourceState::kFailing, {}, detail, "docker: " + detail);
    } else {
      Change(SourceState::kAbsent, {}, {}, {});
    }
  }

  void Failed(const std::string& socket, const Ending& ending) {
    if (!failing_since_) failing_since_ = Now();
    if (ending.forbidden || Now() - *failing_since_ > kRestart) {
      given_up_ = true;
      directory_.SetActive(SourceKind::kDocker, false);
    }
    // Before it ever answered it may be about to start.
    const SourceState state =
        had_worked_ || ending.forbidden || must_exist_ ? SourceState::kFailing : SourceState::kWaiting;
    Change(state, socket, ending.detail, fmt::format("docker: {}; trying again until it works", ending.detail));
  }

  void Change(SourceState state, const std::string& socket, const std::string& detail, const std::string& line) {
    {
      const std::lock_guard lock(mutex_);
      const bool changed = status_.state != state;
      status_.state = state;
      status_.detail = detail;
      if (!socket.empty()) status_.where = "unix://" + socket;
      if (!changed) return;
      status_.since = Now();
    }
    if (!line.empty() && say_) say_(detail.empty() || state != SourceState::kWorking ? line : line + "; " + detail);
  }

  void Pause(base::Duration longest) {
    std::uniform_int_distribution<int64_t> part(longest.count() / 2, longest.count());
    std::unique_lock lock(mutex_);
    stopped_.wait_for(lock, base::Duration(part(random_)), [&] { return stop_; });
  }

  bool stopped() const {
    const std::lock_guard lock(mutex_);
    return stop_;
  }

  Directory& directory_;
  const Say say_;
  const bool must_exist_;
  PathWatch sockets_;
  Tally tally_;

  // Of the thread alone.
  Roster roster_;
  base::Timestamp blind_since_{};
  std::optional<base::Timestamp> failing_since_;
  bool given_up_ = false;
  bool had_worked_ = false;
  std::minstd_rand random_{std::random_device{}()};

  mutable std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  Session* session_ = nullptr;  // while connected
  SourceStatus status_;

  std::thread thread_;
};

}  // namespace

std::unique_ptr<Source> StartDocker(DockerOptions options, Directory& directory, Say say) {
  return std::make_unique<DockerSource>(std::move(options), directory, std::move(say));
}

}  // namespace quaywatch::enrich::docker
