// SPDX-License-Identifier: Apache-2.0
#include "capture/socket_program.h"

#include <fmt/format.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>

#include <bit>
#include <map>

#include "capture/filter.h"

namespace quaywatch::capture {
namespace {

constexpr uint32_t kWholePacket = 0xffffffff;
// Loads from here on count from the IP header, wherever the packet itself begins: when a socket is chosen
// that is the IP header for received packets and the link header for sent ones.
constexpr uint32_t kNetwork = static_cast<uint32_t>(SKF_NET_OFF);

sock_filter Statement(uint32_t code, uint32_t k) { return {static_cast<uint16_t>(code), 0, 0, k}; }
sock_filter Return(uint32_t value) { return Statement(BPF_RET | BPF_K, value); }
sock_filter LoadWord(uint32_t at) { return Statement(BPF_LD | BPF_W | BPF_ABS, at); }
sock_filter Ancillary(uint32_t what) { return LoadWord(static_cast<uint32_t>(SKF_AD_OFF) + what); }

void Append(SocketProgram& program, const SocketProgram& more) {
  program.insert(program.end(), more.begin(), more.end());
}

// A program with labels: classic BPF has forward jumps by distance only.
class Assembler {
 public:
  void Add(sock_filter statement) { program_.push_back(statement); }
  void Add(const SocketProgram& statements) { Append(program_, statements); }
  void Label(const std::string& name) { labels_[name] = program_.size(); }
  void Jump(const std::string& to) {
    jumps_.push_back({program_.size(), to});
    Add(Statement(BPF_JMP | BPF_JA, 0));
  }
  // Goes on with the next statement if the accumulator is something else.
  void JumpIfEqual(uint32_t value, const std::string& to) {
    Add({BPF_JMP | BPF_JEQ | BPF_K, 0, 1, value});
    Jump(to);
  }

  SocketProgram Finish() {
    for (const auto& [at, to] : jumps_) program_[at].k = static_cast<uint32_t>(labels_.at(to) - at - 1);
    return std::move(program_);
  }

 private:
  struct PendingJump {
    size_t at;
    std::string to;
  };
  SocketProgram program_;
  std::map<std::string, size_t> labels_;
  std::vector<PendingJump> jumps_;
};

base::Result<SocketProgram> Compile(const std::string& expression, model::LinkType link) {
  if (expression.empty()) return SocketProgram{Return(kWholePacket)};
  const auto filter = Filter::Compile(expression, link);
  if (!filter) return std::unexpected(filter.error());
  SocketProgram program;
  for (const Filter::Instruction& i : filter->instructions()) {
    program.push_back({i.code, i.if_true, i.if_false, i.k});
  }
  return program;
}

// Accumulator: all words of an address folded into one.
SocketProgram FoldAddress(uint32_t at, uint32_t words) {
  SocketProgram program{LoadWord(at)};
  for (uint32_t i = 1; i < words; ++i) {
    program.push_back(Statement(BPF_MISC | BPF_TAX, 0));
    program.push_back(LoadWord(at + 4 * i));
    program.push_back(Statement(BPF_ALU | BPF_XOR | BPF_X, 0));
  }
  return program;
}

// Returns a hash of a source and a destination address of so many words. Their sum and their exclusive
// or do not change when they are exchanged; together they tell neighbouring pairs apart.
SocketProgram ReturnPairHash(uint32_t source, uint32_t destination, uint32_t words) {
  SocketProgram program = FoldAddress(source, words);
  program.push_back(Statement(BPF_ST, 0));
  Append(program, FoldAddress(destination, words));
  Append(program, {
                      Statement(BPF_ST, 1),
                      Statement(BPF_LDX | BPF_MEM, 0),
                      Statement(BPF_ALU | BPF_ADD | BPF_X, 0),
                      Statement(BPF_ALU | BPF_MUL | BPF_K, 0x9e3779b1),
                      Statement(BPF_ST, 2),
                      Statement(BPF_LD | BPF_MEM, 1),
                      Statement(BPF_ALU | BPF_XOR | BPF_X, 0),
                      Statement(BPF_ALU | BPF_MUL | BPF_K, 0x85ebca77),
                      Statement(BPF_LDX | BPF_MEM, 2),
                      Statement(BPF_ALU | BPF_XOR | BPF_X, 0),
                      // The upper bits are the mixed ones.
                      Statement(BPF_ALU | BPF_RSH | BPF_K, 16),
                      Statement(BPF_RET | BPF_A, 0),
                  });
  return program;
}

}  // namespace

SocketProgram RejectProgram() { return {Return(0)}; }

base::Result<SocketProgram> AcceptProgram(const std::string& expression) {
  const auto ethernet = Compile(expression, model::LinkType::kEthernet);
  if (!ethernet) return std::unexpected(ethernet.error());
  const auto raw = Compile(expression, model::LinkType::kRaw);

  Assembler program;
  program.Add(Ancillary(SKF_AD_HATYPE));
  program.JumpIfEqual(ARPHRD_ETHER, "ethernet");
  program.JumpIfEqual(ARPHRD_LOOPBACK, "loopback");
  program.Add(raw ? *raw : RejectProgram());
  program.Label("loopback");
  program.Add(Ancillary(SKF_AD_PKTTYPE));
  program.JumpIfEqual(PACKET_OUTGOING, "reject");
  program.Label("ethernet");
  program.Add(*ethernet);
  program.Label("reject");
  program.Add(Return(0));
  SocketProgram result = program.Finish();
  if (result.size() > BPF_MAXINSNS) {
    return base::Fail(fmt::format("the filter '{}' is too long for the kernel ({} instructions of {}); shorten it",
                                  expression, result.size(), BPF_MAXINSNS));
  }
  return result;
}

SocketProgram HostPairProgram() {
  Assembler program;
  program.Add(Ancillary(SKF_AD_PROTOCOL));
  program.JumpIfEqual(ETH_P_IP, "ipv4");
  program.JumpIfEqual(ETH_P_IPV6, "ipv6");
  program.JumpIfEqual(ETH_P_8021Q, "vlan");
  program.JumpIfEqual(ETH_P_8021AD, "vlan");
  program.Add(Return(0));

  // A tag that is still in the frame: the network header is the tag's rest when received, but already
  // the IP header when sent.
  program.Label("vlan");
  program.Add(Ancillary(SKF_AD_PKTTYPE));
  program.JumpIfEqual(PACKET_OUTGOING, "sent vlan");
  program.Add(Statement(BPF_LD | BPF_H | BPF_ABS, kNetwork + 2));
  program.JumpIfEqual(ETH_P_IP, "ipv4 in vlan");
  program.JumpIfEqual(ETH_P_IPV6, "ipv6 in vlan");
  program.Add(Return(0));
  program.Label("sent vlan");
  program.Add(Statement(BPF_LD | BPF_B | BPF_ABS, kNetwork));
  program.Add(Statement(BPF_ALU | BPF_RSH | BPF_K, 4));
  program.JumpIfEqual(4, "ipv4");
  program.JumpIfEqual(6, "ipv6");
  program.Add(Return(0));

  constexpr uint32_t kVlanTag = 4;
  program.Label("ipv4");
  program.Add(ReturnPairHash(kNetwork + 12, kNetwork + 16, 1));
  program.Label("ipv6");
  program.Add(ReturnPairHash(kNetwork + 8, kNetwork + 24, 4));
  program.Label("ipv4 in vlan");
  program.Add(ReturnPairHash(kNetwork + kVlanTag + 12, kNetwork + kVlanTag + 16, 1));
  program.Label("ipv6 in vlan");
  program.Add(ReturnPairHash(kNetwork + kVlanTag + 8, kNetwork + kVlanTag + 24, 4));
  return program.Finish();
}

}  // namespace quaywatch::capture
