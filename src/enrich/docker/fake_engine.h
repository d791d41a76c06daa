// SPDX-License-Identifier: Apache-2.0
//
// For tests: a small HTTP server on a unix socket that answers as it is told to, in place of a Docker daemon, and can
// misbehave as a real one seldom does.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace quaywatch::enrich::docker {

class FakeEngine {
 public:
  explicit FakeEngine(std::string socket_path) : path_(std::move(socket_path)) {
    Answer("/version", R"({"Version":"1","ApiVersion":"1.41","MinAPIVersion":"1.24"})");
    Answer("/containers/json", "[]");
    Start();
  }
  ~FakeEngine() { Stop(); }

  void Start() {
    stop_ = false;
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
    unlink(path_.c_str());
    bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    listen(listener_, 16);
    thread_ = std::thread([this] { Run(); });
  }

  // Closes all connections; the socket's file stays, as after a crash.
  void Stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }

  // What GET /vX.Y<path> gives from now on, whatever the query. Status 0: the bytes are sent as they are; -1: nothing
  // is ever answered.
  void Answer(const std::string& path, std::string body, int status = 200) {
    const std::lock_guard lock(mutex_);
    answers_[path] = {status, std::move(body)};
  }

  // Into all streams of events, in pieces of that many bytes.
  void Tell(std::string_view bytes, size_t piece = 1 << 16) {
    const std::lock_guard lock(mutex_);
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
      const std::string_view part = bytes.substr(0, piece);
      char head[32];
      const int size = snprintf(head, sizeof head, "%zx\r\n", part.size());
      for (const int fd : streams_) {
        Send(fd, {head, static_cast<size_t>(size)});
        Send(fd, part);
        Send(fd, "\r\n");
      }
    }
  }

  int asked(const std::string& path) {
    const std::lock_guard lock(mutex_);
    return asked_[path];
  }

 private:
  static void Send(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }

  void Run() {
    std::map<int, std::string> connections;  // and what was read of their next request
    while (!stop_) {
      std::vector<pollfd> fds{{listener_, POLLIN, 0}};
      for (const auto& [fd, read_so_far] : connections) fds.push_back({fd, POLLIN, 0});
      poll(fds.data(), fds.size(), 20);
      for (size_t i = 1; i < fds.size(); ++i) {
        if (fds[i].revents == 0) continue;
        char buffer[4096];
        const ssize_t got = read(fds[i].fd, buffer, sizeof buffer);
        if (got <= 0) {
          Close(fds[i].fd);
          connections.erase(fds[i].fd);
          continue;
        }
        std::string& request = connections[fds[i].fd];
        request.append(buffer, static_cast<size_t>(got));
        if (request.ends_with("\r\n\r\n")) Reply(fds[i].fd, std::exchange(request, {}));
      }
      if (fds[0].revents & POLLIN) connections[accept(listener_, nullptr, nullptr)];
    }
    for (const auto& [fd, read_so_far] : connections) Close(fd);
    close(listener_);
  }

  void Close(int fd) {
    const std::lock_guard lock(mutex_);
    std::erase(streams_, fd);
    close(fd);
  }

  void Reply(int fd, const std::string& request) {
    std::string path = request.substr(4, request.find_first_of(" ?", 4) - 4);
    if (path.starts_with("/v1.")) path.erase(0, path.find('/', 1));
    const std::lock_guard lock(mutex_);
    ++asked_[path];
    const auto found = answers_.find(path);
    if (path == "/events" && found == answers_.end()) {
      streams_.push_back(fd);
      return Send(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    }
    const auto [status, body] = found == answers_.end() ? std::pair(404, std::string("{}")) : found->second;
    if (status == 0) Send(fd, body);
    if (status <= 0) return;
    Send(fd, "HTTP/1.1 " + std::to_string(status) + " Status\r\nContent-Length: " + std::to_string(body.size()) +
                 "\r\n\r\n" + body);
  }

  const std::string path_;
  int listener_ = -1;
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;
  std::map<std::string, std::pair<int, std::string>> answers_;
  std::map<std::string, int> asked_;
  std::vector<int> streams_;
  std::thread thread_;
};

}  // namespace quaywatch::enrich::docker
