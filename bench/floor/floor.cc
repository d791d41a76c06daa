// SPDX-License-Identifier: Apache-2.0
//
// The floor of the benchmark: what nobody who keeps flows can do without. Reads a capture file, finds each
// packet's flow (addresses, ports, protocol; both directions are one) in a table, and counts packets and
// bytes there. No checksums, no states, no streams, no records, no tunnels, no fragments.
//
//   floor TRACE...
#include <sys/resource.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <optional>
#include <vector>

#include "base/hash.h"
#include "capture/file.h"

using namespace quaywatch;

namespace {

struct Key {
  uint64_t words[5] = {};  // both addresses, the lower end first; ports and protocol
  bool operator==(const Key&) const = default;
};

// One cache line.
struct alignas(64) Flow {
  Key key;
  uint32_t packets[2] = {};
  uint64_t bytes[2] = {};
};

// Open addressing with linear probing, at most half full.
class FlowTable {
 public:
  FlowTable() : flows_(1u << 16) {}

  Flow& Find(const Key& key) {
    if (2 * size_ >= flows_.size()) Grow();
    Flow& flow = Slot(key);
    if (Free(flow)) {
      flow.key = key;
      ++size_;
    }
    return flow;
  }
  size_t size() const { return size_; }

 private:
  static bool Free(const Flow& flow) { return flow.packets[0] + flow.packets[1] == 0; }

  Flow& Slot(const Key& key) {
    uint64_t hash = key.words[4];
    for (int i = 0; i < 4; ++i) hash = base::Mix(hash, key.words[i]);
    const size_t mask = flows_.size() - 1;
    size_t i = hash & mask;
    while (!Free(flows_[i]) && flows_[i].key != key) i = (i + 1) & mask;
    return flows_[i];
  }

  void Grow() {
    std::vector<Flow> old(flows_.size() * 2);
    old.swap(flows_);
    for (const Flow& flow : old) {
      if (!Free(flow)) Slot(flow.key) = flow;
    }
  }

  std::vector<Flow> flows_;
  size_t size_ = 0;
};

struct Packet {
  Key key;
  bool reversed;  // it goes from the key's second end to its first
};

// `addresses`: source and destination, of kLength bytes each.
template <size_t kLength>
Packet Normalize(const uint8_t* addresses, uint8_t protocol, uint16_t source, uint16_t destination) {
  using End = std::array<uint64_t, 2>;
  End from{}, to{};
  std::memcpy(from.data(), addresses, kLength);
  std::memcpy(to.data(), addresses + kLength, kLength);
  const bool reversed = from > to || (from == to && source > destination);
  if (reversed) {
    std::swap(from, to);
    std::swap(source, destination);
  }
  const uint64_t rest = uint64_t{kLength} << 48 | uint64_t{protocol} << 32 | uint64_t{source} << 16 | destination;
  return {{{from[0], from[1], to[0], to[1], rest}}, reversed};
}

std::optional<Packet> Parse(const model::RawPacket& raw) {
  base::Cursor cursor(raw.data);
  uint16_t type = 0;
  if (raw.link == model::LinkType::kEthernet) {
    cursor.Skip(12);
    type = cursor.U16();
    while (type == 0x8100 || type == 0x88a8) {
      cursor.Skip(2);
      type = cursor.U16();
    }
  } else if (raw.link == model::LinkType::kRaw && !raw.data.empty()) {
    type = raw.data[0] >> 4 == 4 ? 0x0800 : 0x86dd;
  }
  const uint8_t* at = cursor.rest().data();
  const size_t left = cursor.left();
  uint8_t protocol = 0;
  size_t header = 0;
  if (type == 0x0800 && left >= 20) {
    protocol = at[9];
    header = size_t{at[0] & 0x0fu} * 4;
  } else if (type == 0x86dd && left >= 40) {
    protocol = at[6];
    header = 40;
  } else {
    return std::nullopt;
  }
  uint16_t source = 0, destination = 0;
  if ((protocol == 6 || protocol == 17) && left >= header + 4) {
    source = base::LoadBig<uint16_t>(at + header);
    destination = base::LoadBig<uint16_t>(at + header + 2);
  }
  return type == 0x0800 ? Normalize<4>(at + 12, protocol, source, destination)
                        : Normalize<16>(at + 8, protocol, source, destination);
}

double CpuSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: floor TRACE...\n");
    return 2;
  }
  for (int i = 1; i < argc; ++i) {
    const double begin = CpuSeconds();
    auto source = capture::OpenFile(argv[i]);
    if (!source) {
      std::fprintf(stderr, "%s\n", source.error().message.c_str());
      return 1;
    }
    FlowTable flows;
    uint64_t packets = 0, bytes = 0, other = 0;
    model::RawPacket raw;
    capture::Next next;
    while ((next = (*source)->Read(raw)) == capture::Next::kPacket) {
      ++packets;
      bytes += raw.wire_length;
      if (const auto packet = Parse(raw)) {
        Flow& flow = flows.Find(packet->key);
        ++flow.packets[packet->reversed];
        flow.bytes[packet->reversed] += raw.wire_length;
      } else {
        ++other;
      }
    }
    const double cpu = CpuSeconds() - begin;
    std::printf("%s: packets %llu, not IP %llu, flows %zu, bytes %llu, CPU %.3f s, %.1f ns per packet\n", argv[i],
                static_cast<unsigned long long>(packets), static_cast<unsigned long long>(other), flows.size(),
                static_cast<unsigned long long>(bytes), cpu,
                packets > 0 ? cpu * 1e9 / static_cast<double>(packets) : 0.0);
    if (next == capture::Next::kDamaged) std::fprintf(stderr, "%s\n", (*source)->damage().c_str());
  }
  return 0;
}
