// SPDX-License-Identifier: Apache-2.0
//
// Requests to the API server, several at a time over as few connections as it allows (HTTP/2 where both can). All in
// the thread that calls Run.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "enrich/kubernetes/kubeconfig.h"

namespace quaywatch::enrich::kubernetes {

struct Request {
  std::string target;  // path and query
  std::string accept;
  // An answer must begin within kBegin, and then never be silent for so long, nor last longer than `most`.
  std::chrono::seconds silence{30};
  std::chrono::seconds most{300};
  bool fresh = false;  // over a new connection
};

struct Response {
  int status = 0;     // of HTTP; 0: there was no answer, or it broke off
  std::string error;  // of status 0: why, in the same words for the same reason
  std::chrono::seconds retry_after{0};
};

// Where an answer goes.
class Receiver {
 public:
  virtual ~Receiver() = default;
  // The answer begins (no bytes), then bytes of its body, cut anywhere. False: no more is wanted.
  virtual bool OnBytes(int status, std::string_view bytes) = 0;
  virtual void OnEnd(const Response& response) = 0;
};

class Client {
 public:
  static constexpr std::chrono::seconds kConnect{10};
  static constexpr std::chrono::seconds kBegin{30};
  static constexpr size_t kMaxToken = 64 << 10;

  explicit Client(Access access);
  ~Client();  // what is under way ends without a word

  // Begins a request; the receiver is told in Run, until its OnEnd, and must live until then or the client's end.
  void Start(const Request& request, Receiver& receiver);
  // Waits for bytes, Wake or the time, and tells receivers. They may call Start.
  void Run(std::chrono::milliseconds wait);
  // Ends a Run that waits; from any thread.
  void Wake();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quaywatch::enrich::kubernetes
