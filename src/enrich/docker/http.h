// SPDX-License-Identifier: Apache-2.0
//
// HTTP GET over a unix socket: any number of requests at a time and a stream without end, in one thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/time.h"

namespace quaywatch::enrich::docker {

class Http {
 public:
  struct Reply {
    int status = 0;  // 0: no complete answer came, `error` says why
    std::string body;
    std::string error;     // for a person: "Connection refused", "Timeout was reached", "answers without end"
    int system_error = 0;  // errno of connecting; 0: connected, or unknown
  };
  using Done = std::function<void(Reply)>;

  explicit Http(const std::string& socket_path);
  ~Http();  // unfinished requests are dropped; nobody is called
  Http(const Http&) = delete;
  Http& operator=(const Http&) = delete;

  // Calls `done` from Run once the answer is complete, or failed: took longer than `patience`, or is longer than
  // `max_bytes`.
  void Get(const std::string& path, size_t max_bytes, base::Duration patience, Done done);

  // Bytes of the body as they come, and `ended` once they cease. Neither may ask for anything.
  struct Stream {
    std::function<void(int status)> opened;  // the answer's head came
    std::function<void(std::string_view)> bytes;
    Done ended;
  };
  void Open(const std::string& path, Stream stream);

  // Moves bytes and calls back; returns after it did something, or was woken, or `at_most` passed.
  void Run(base::Duration at_most);
  // From any thread.
  void Wake();

  size_t waiting() const;  // requests without an answer, streams too

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quaywatch::enrich::docker
