// SPDX-License-Identifier: Apache-2.0
//
// pcap-filter(7) expressions, compiled by libpcap.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/packet.h"

struct bpf_program;

namespace quaywatch::capture {

class Filter {
 public:
  // Fails with a line for a person that quotes the expression.
  static base::Result<Filter> Compile(const std::string& expression, model::LinkType link);

  // Does a frame of that link type pass?
  bool Matches(base::Bytes frame, uint32_t wire_length) const;

  // The same as the kernel takes it (struct sock_filter, linux/filter.h).
  struct Instruction {
    uint16_t code;
    uint8_t if_true;
    uint8_t if_false;
    uint32_t k;
  };
  std::vector<Instruction> instructions() const;

 private:
  struct Free {
    void operator()(bpf_program* program) const;
  };
  explicit Filter(std::unique_ptr<bpf_program, Free> program) : program_(std::move(program)) {}

  std::unique_ptr<bpf_program, Free> program_;
};

}  // namespace quaywatch::capture
