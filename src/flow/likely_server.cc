// SPDX-License-Identifier: Apache-2.0
#include "flow/likely_server.h"

#include <bitset>
#include <initializer_list>

namespace quaywatch::flow {
namespace {

using Ports = std::bitset<65536>;

Ports Make(std::initializer_list<uint16_t> ports) {
  Ports set;
  for (const uint16_t port : ports) set.set(port);
  return set;
}

bool IsLikelyServer(model::Transport transport, uint16_t port) {
  static const Ports tcp = Make({
      21,   22,   25,   53,   79,   80,   81,   88,   110,  111,  113,  135,  137,  139,  143,   443,  445,
      502,  513,  514,  563,  585,  587,  614,  631,  636,  989,  990,  992,  993,  995,  1080,  1434, 1883,
      2811, 3128, 3306, 3389, 5222, 5223, 5269, 6666, 6667, 6668, 6669, 8000, 8080, 8888, 20000,
  });
  static const Ports udp = Make({
      53,   67,   88,   111,  123,  137,  161,  162,  443,  514,  1812,  2123,
      2152, 3389, 3544, 4011, 4789, 5060, 5072, 5353, 5355, 6081, 20000,
  });
  if (transport == model::Transport::kTcp) return tcp[port];
  return transport == model::Transport::kUdp && udp[port];
}

}  // namespace

bool BeganWithAnswer(const model::Datagram& first) {
  const bool source = IsLikelyServer(first.transport, first.src_port);
  if (!source) return false;
  const bool target = IsLikelyServer(first.transport, first.dst_port);
  if (first.transport == model::Transport::kUdp) return !target;
  if (first.transport != model::Transport::kTcp) return false;
  const bool syn = (first.tcp.flags & model::kSyn) != 0;
  const bool ack = (first.tcp.flags & model::kAck) != 0;
  if (syn && !ack) return false;
  // Both plausible: the lower port serves, unless a SYN+ACK speaks of a scan.
  return target ? !syn && first.src_port < first.dst_port : true;
}

}  // namespace quaywatch::flow
