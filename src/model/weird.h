// SPDX-License-Identifier: Apache-2.0
//
// Weird: input that is odd, broken or hostile, named and counted, never an error. Names are Zeek's
// where the meaning is the same.
#pragma once

#include <string_view>

#include "model/flow.h"

namespace quaywatch::model {

// What a weird is about decides how often it is reported and which columns of weird.log are filled.
// `name` and `source` must live as long as the program; `addl` (details) is copied.
class WeirdSink {
 public:
  virtual ~WeirdSink() = default;
  // About a packet that belongs to no flow.
  virtual void PacketWeird(std::string_view name, std::string_view addl = {}, std::string_view source = {}) = 0;
  // About two hosts: a packet with addresses that became part of no flow.
  virtual void HostPairWeird(const IpAddress& from, const IpAddress& to, std::string_view name,
                             std::string_view addl = {}, std::string_view source = {}) = 0;
  // About a connection.
  virtual void FlowWeird(const FlowInfo& flow, std::string_view name, std::string_view addl = {},
                         std::string_view source = {}) = 0;
};

}  // namespace quaywatch::model
