// SPDX-License-Identifier: Apache-2.0
#include "flow/flow.h"

#include <cctype>
#include <utility>

#include "base/bytes.h"
#include "base/hash.h"
#include "model/prefix.h"

namespace quaywatch::flow {
namespace {

struct Counterpart {
  uint16_t type;
  bool one_way;
};

// RFC 792, 950, 1256
Counterpart IcmpCounterpart(uint8_t type, uint8_t code) {
  switch (type) {
    case 8:
      return {0, false};
    case 0:
      return {8, false};
    case 13:
      return {14, false};
    case 14:
      return {13, false};
    case 15:
      return {16, false};
    case 16:
      return {15, false};
    case 10:
      return {9, false};
    case 9:
      return {10, false};
    case 17:
      return {18, false};
    case 18:
      return {17, false};
    default:
      return {code, true};
  }
}

// RFC 4443, 4861, 2710, 4620, 6275
Counterpart Icmp6Counterpart(uint8_t type, uint8_t code) {
  switch (type) {
    case 128:
      return {129, false};
    case 129:
      return {128, false};
    case 133:
      return {134, false};
    case 134:
      return {133, false};
    case 135:
      return {136, false};
    case 136:
      return {135, false};
    case 130:
      return {131, false};
    case 131:
      return {130, false};
    case 139:
      return {140, false};
    case 140:
      return {139, false};
    case 144:
      return {145, false};
    case 145:
      return {144, false};
    default:
      return {code, true};
  }
}

void SwapEnds(Flow& flow) {
  std::swap(flow.id.orig_h, flow.id.resp_h);
  std::swap(flow.id.orig_p, flow.id.resp_p);
  std::swap(flow.local_orig, flow.local_resp);
  if (flow.host == nullptr) return;
  std::swap(flow.host->owners[0], flow.host->owners[1]);
  std::swap(flow.host->parties.orig, flow.host->parties.resp);
  std::swap(flow.host->orig_settled, flow.host->resp_settled);
}

// Every network namespace has these addresses.
bool IsEverywhere(const model::IpAddress& address) {
  static const model::Prefix kLoopback = *model::Prefix::Parse("127.0.0.0/8");
  static const model::IpAddress kLoopback6 = *model::IpAddress::Parse("::1");
  return kLoopback.Contains(address) || address == kLoopback6;
}

}  // namespace

uint64_t FlowKey::Hash(uint64_t seed) const {
  const uint8_t* a = address_a.data();
  const uint8_t* b = address_b.data();
  const auto word = [](const uint8_t* at) { return base::LoadLittle<uint64_t>(at); };
  const uint64_t rest = static_cast<uint64_t>(port_a) << 48 | static_cast<uint64_t>(port_b) << 32 |
                        static_cast<uint64_t>(protocol) << 16 | one_way;
  return base::Mix(base::Mix(word(a) ^ seed ^ zone, word(a + 8)) ^ base::Mix(word(b), word(b + 8)), rest);
}

Conversation Conversation::Of(const model::Datagram& d) {
  Conversation c;
  bool one_way = false;
  c.src_port = d.src_port;
  c.dst_port = d.dst_port;
  if (d.transport == model::Transport::kIcmp) {
    const Counterpart other =
        d.ip_proto == 1 ? IcmpCounterpart(d.icmp_type, d.icmp_code) : Icmp6Counterpart(d.icmp_type, d.icmp_code);
    c.src_port = d.icmp_type;
    c.dst_port = other.type;
    one_way = other.one_way;
  }
  c.key.protocol = d.ip_proto;
  c.key.one_way = one_way;
  if (d.netns != 0 && IsEverywhere(d.src)) c.key.zone = d.netns;
  const int order = std::memcmp(d.src.mapped().data(), d.dst.mapped().data(), 16);
  if (one_way || order < 0 || (order == 0 && c.src_port <= c.dst_port)) {
    c.key.address_a = d.src.mapped();
    c.key.address_b = d.dst.mapped();
    c.key.port_a = c.src_port;
    c.key.port_b = c.dst_port;
  } else {
    c.swapped = true;
    c.key.address_a = d.dst.mapped();
    c.key.address_b = d.src.mapped();
    c.key.port_a = c.dst_port;
    c.key.port_b = c.src_port;
  }
  return c;
}

bool InactivityLook::Ended(base::Timestamp last, base::Timestamp before, base::Timestamp now) {
  for (; next <= before; next += interval) {
    if (next - last >= silence) return true;
  }
  if (next > now) return false;
  if (now - last >= silence) return true;
  next = now + interval;
  return false;
}

base::Timestamp InactivityLook::Deadline(base::Timestamp last) const {
  base::Timestamp look = next;
  while (look - last < silence) look += interval;
  return look;
}

void Flow::FlipNames() {
  SwapEnds(*this);
  AddHistory('^');
}

void Flow::FlipRoles(bool rewrite) {
  SwapEnds(*this);
  std::swap(sides[0], sides[1]);
  if (!rewrite) return AddHistory('^');
  for (char& letter : history) {
    letter = static_cast<char>(std::isupper(letter) ? std::tolower(letter) : std::toupper(letter));
  }
  history.insert(0, 1, '^');
}

}  // namespace quaywatch::flow
