// SPDX-License-Identifier: Apache-2.0
//
// gRPC over a unix socket: methods by name, messages as bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/time.h"

namespace quaywatch::enrich::containerd {

struct Reply {
  enum class Status : uint8_t {
    kOk,
    kUnimplemented,  // no such service or method there
    kNotFound,
    kDenied,
    kCancelled,  // by Rpc::Cancel
    kGone,       // nobody there, no answer in time, or bytes that are not gRPC
    kFailed,     // anything else
  };
  Status status = Status::kGone;
  std::string bytes;  // if kOk
  std::string error;  // for a person, else

  // Nothing more will come over this connection.
  bool lost() const { return status == Status::kGone || status == Status::kCancelled; }
};

// All functions may be called from any thread. Nothing is said on standard error.
class Rpc {
 public:
  static constexpr int kMaxMessage = 64 << 20;  // longer answers are kFailed
  static constexpr base::Duration kPatience = std::chrono::seconds(5);

  explicit Rpc(const std::string& socket);
  ~Rpc();  // REQUIRES: no call is going on.

  // "/package.Service/Method". `group`: containerd's namespace; empty if the method knows none. Waits kPatience.
  Reply Call(const std::string& method, const std::string& group, const std::string& request);
  // Calls with each message of a stream; returns how it ended, which may be never.
  Reply Listen(const std::string& method, const std::string& request,
               const std::function<void(std::string_view)>& on_message);
  // Ends what is going on and whatever begins later.
  void Cancel();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quaywatch::enrich::containerd
