// SPDX-License-Identifier: Apache-2.0
#include "enrich/containerd/containerd.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

#include "base/result.h"
#include "enrich/containerd/rpc.h"
#include "enrich/containerd/session.h"
#include "enrich/path_watch.h"

namespace quaywatch::enrich {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kFirstPause = 100ms;
constexpr std::chrono::milliseconds kLongestPause = 5s;

base::Timestamp Now() { return std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now()); }

std::vector<std::string> Candidates(const ContainerdOptions& options) {
  constexpr std::string_view kScheme = "unix://";
  if (!options.socket.empty()) return {options.socket};
  std::vector<std::string> paths;
  if (const char* endpoint = std::getenv("CONTAINER_RUNTIME_ENDPOINT")) {
    std::string_view path = endpoint;
    if (path.starts_with(kScheme)) path.remove_prefix(kScheme.size());
    if (path.starts_with('/')) paths.emplace_back(path);
  }
  for (const char* path :
       {"/run/containerd/containerd.sock", "/run/k3s/containerd/containerd.sock", "/run/crio/crio.sock"}) {
    paths.emplace_back(path);
  }
  return paths;
}

// Whether somebody listens and lets us in. gRPC would only say that it is unavailable.
base::Result<> Knock(const std::string& path) {
  sockaddr_un address{.sun_family = AF_UNIX};
  if (path.size() >= sizeof address.sun_path) return base::Fail("the path of a unix socket has at most 107 letters");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return base::Fail(std::strerror(errno));
  const int error = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
  close(fd);
  switch (error) {
    case 0:
      return {};
    case EACCES:
    case EPERM:
      return base::Fail("permission denied; run as root, or as a member of the socket's group");
    case ECONNREFUSED:
      return base::Fail("nobody listens on it; is the runtime running?");
    default:
      return base::Fail(std::strerror(error));
  }
}

class ContainerdSource : public Source {
 public:
  ContainerdSource(const ContainerdOptions& options, Directory& directory, Say say)
      : directory_(directory), say_(std::move(say)), watch_(Candidates(options)), thread_([this] { Run(); }) {}

  ~ContainerdSource() override {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
      if (rpc_ != nullptr) rpc_->Cancel();
    }
    stop_.notify_all();
    watch_.Stop();
    thread_.join();
  }

  SourceStatus status() const override {
    const std::lock_guard lock(mutex_);
    SourceStatus status = status_;
    status.events = counters_.events.load(std::memory_order_relaxed);
    status.skipped = counters_.skipped.load(std::memory_order_relaxed);
    return status;
  }

 private:
  void Run() {
    std::chrono::milliseconds pause = kFirstPause;
    while (!stopped()) {
      const auto path = watch_.Wait(base::Duration::zero());
      if (!path) {
        if (worked_) Enter(SourceState::kFailing, "its socket is gone; is the runtime running?");
        watch_.Wait(1h);
        continue;
      }
      const bool worked = Connect(*path);
      pause = worked ? kFirstPause : std::min(pause * 2, kLongestPause);
      Pause(pause);
    }
  }

  // Until the connection is no more. False: it did not come about.
  bool Connect(const std::string& path) {
    {
      const std::lock_guard lock(mutex_);
      status_.where = "unix://" + path;
      if (status_.state == SourceState::kAbsent) ChangeTo(SourceState::kWaiting, {});
    }
    if (auto open = Knock(path); !open) {
      Enter(SourceState::kFailing, open.error().message);
      return false;
    }
    containerd::Rpc rpc(path);
    {
      const std::lock_guard lock(mutex_);
      if (stopped_) return false;
      rpc_ = &rpc;
    }
    directory_.SetActive(SourceKind::kContainerd, true);
    bool worked = false;
    containerd::Session session(rpc, directory_, counters_);
    const auto ended = session.Run([&](const std::string& missing) {
      if (!worked && worked_) CountReconnect();
      worked = worked_ = true;
      Enter(SourceState::kWorking, missing);
    });
    {
      const std::lock_guard lock(mutex_);
      rpc_ = nullptr;
    }
    if (!ended) Enter(SourceState::kFailing, ended.error().message);
    return worked;
  }

  bool stopped() const {
    const std::lock_guard lock(mutex_);
    return stopped_;
  }

  // A little more or less, so that sensors that lost a runtime together don't come back together.
  void Pause(std::chrono::milliseconds length) {
    std::uniform_int_distribution<int64_t> around(length.count() * 3 / 4, length.count() * 5 / 4);
    std::unique_lock lock(mutex_);
    stop_.wait_for(lock, std::chrono::milliseconds(around(random_)), [this] { return stopped_; });
  }

  void CountReconnect() {
    const std::lock_guard lock(mutex_);
    ++status_.reconnects;
  }

  // REQUIRES: mutex_. True: it is a change.
  bool ChangeTo(SourceState state, const std::string& detail) {
    const bool change = status_.state != state;
    status_.state = state;
    status_.detail = detail;
    if (change) status_.since = Now();
    return change;
  }

  void Enter(SourceState state, const std::string& detail) {
    std::string line;
    {
      const std::lock_guard lock(mutex_);
      if (stopped_) return;
      line = "containerd: " + status_.where + ": " + (state == SourceState::kWorking ? "names its containers" : "");
      if (!ChangeTo(state, detail)) return;
    }
    if (state != SourceState::kWorking) directory_.SetActive(SourceKind::kContainerd, false);
    if (state == SourceState::kWorking && !detail.empty()) line += ", but ";
    say_(line + detail);
  }

  Directory& directory_;
  const Say say_;
  PathWatch watch_;
  containerd::Counters counters_;
  std::minstd_rand random_{std::random_device{}()};
  bool worked_ = false;  // ever; of the source's thread

  mutable std::mutex mutex_;
  std::condition_variable stop_;
  bool stopped_ = false;
  containerd::Rpc* rpc_ = nullptr;  // while a session runs
  SourceStatus status_{.kind = SourceKind::kContainerd, .since = Now()};
  std::thread thread_;  // last: it uses all of them
};

}  // namespace

std::unique_ptr<Source> StartContainerd(const ContainerdOptions& options, Directory& directory, Say say) {
  return std::make_unique<ContainerdSource>(options, directory, std::move(say));
}

}  // namespace quaywatch::enrich
