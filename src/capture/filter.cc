// SPDX-License-Identifier: Apache-2.0
#include "capture/filter.h"

#include <fmt/format.h>
#include <pcap/pcap.h>

#include "capture/link_type.h"

namespace quaywatch::capture {
namespace {

// A matching frame is let through whole.
constexpr int kSnapLength = 262144;

}  // namespace

void Filter::Free::operator()(bpf_program* program) const {
  pcap_freecode(program);
  delete program;
}

base::Result<Filter> Filter::Compile(const std::string& expression, model::LinkType link) {
  const auto close = [](pcap_t* pcap) { pcap_close(pcap); };
  const std::unique_ptr<pcap_t, decltype(close)> pcap(
      pcap_open_dead(LibpcapLinkType(static_cast<uint32_t>(link)), kSnapLength));
  if (pcap == nullptr) return base::Fail("the filter cannot be compiled: no memory");
  std::unique_ptr<bpf_program, Free> program(new bpf_program{});
  if (pcap_compile(pcap.get(), program.get(), expression.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0) {
    return base::Fail(fmt::format("the filter '{}' is wrong: {}; man pcap-filter explains the language", expression,
                                  pcap_geterr(pcap.get())));
  }
  return Filter(std::move(program));
}

bool Filter::Matches(base::Bytes frame, uint32_t wire_length) const {
  return bpf_filter(program_->bf_insns, frame.data(), wire_length, static_cast<u_int>(frame.size())) != 0;
}

std::vector<Filter::Instruction> Filter::instructions() const {
  std::vector<Instruction> result;
  for (const bpf_insn& insn : std::span(program_->bf_insns, program_->bf_len)) {
    result.push_back({insn.code, insn.jt, insn.jf, insn.k});
  }
  return result;
}

}  // namespace quaywatch::capture
