// SPDX-License-Identifier: Apache-2.0
#include "capture/live.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "capture/filter.h"
#include "capture/ring.h"
#include "capture/socket_program.h"

namespace quaywatch::capture {
namespace {

constexpr size_t kMacAddresses = 12;
constexpr size_t kVlanTag = 4;
// After so many frames that are not to be seen the caller gets a chance to stop.
constexpr int kMostSkipped = 4096;

// struct virtio_net_hdr; <linux/virtio_net.h> is not C++ ("class" is a member's name there).
struct OffloadHeader {
  uint8_t flags;
  uint8_t gso_type;
  uint16_t header_length;
  uint16_t gso_size;
  uint16_t checksum_start;
  uint16_t checksum_offset;
};
constexpr uint8_t kNeedsChecksum = 1;  // VIRTIO_NET_HDR_F_NEEDS_CSUM
constexpr uint8_t kNoGso = 0;          // VIRTIO_NET_HDR_GSO_NONE

// Frames are handed out from their link header on where the decoder knows it, else from the IP header on.
std::optional<model::LinkType> LinkTypeOf(const sockaddr_ll& from) {
  switch (from.sll_hatype) {
    case ARPHRD_ETHER:
    case ARPHRD_LOOPBACK:
      return model::LinkType::kEthernet;
    case ARPHRD_IEEE80211:
      return model::LinkType::kIeee80211;
    case ARPHRD_IEEE80211_PRISM:
      return model::LinkType::kIeee80211Prism;
    case ARPHRD_IEEE80211_RADIOTAP:
      return model::LinkType::kIeee80211Radio;
  }
  const uint16_t protocol = ntohs(from.sll_protocol);
  if (protocol == ETH_P_IP || protocol == ETH_P_IPV6) return model::LinkType::kRaw;
  return std::nullopt;
}

class LiveSource final : public Source {
 public:
  LiveSource(base::Duration wait, std::optional<Filter> filter)
      : wait_(std::chrono::duration_cast<std::chrono::milliseconds>(wait)), filter_(std::move(filter)) {}

  void Add(std::unique_ptr<Ring> ring) {
    polled_.push_back({ring->fd(), POLLIN, 0});
    rings_.push_back(std::move(ring));
  }
  const std::vector<std::unique_ptr<Ring>>& rings() const { return rings_; }

  Next Read(model::RawPacket& packet) override {
    for (bool waited = false;; waited = true) {
      for (int skipped = 0; tpacket3_hdr* frame = NextFrame(); ++skipped) {
        if (Fill(*frame, packet)) return Next::kPacket;
        if (skipped == kMostSkipped) return Next::kIdle;
      }
      if (rings_.empty()) return Next::kEnd;
      if (waited) return Next::kIdle;
      Wait();
    }
  }

  const std::string& damage() const override { return damage_; }
  double progress() const override { return -1; }

  Counters counters() const override {
    Counters counters = counters_;
    for (const auto& ring : rings_) counters.dropped += ring->Dropped();
    return counters;
  }

 private:
  tpacket3_hdr* NextFrame() {
    for (size_t tried = 0; tried < rings_.size(); ++tried) {
      if (tpacket3_hdr* frame = rings_[current_]->Next()) return frame;
      current_ = current_ + 1 < rings_.size() ? current_ + 1 : 0;
    }
    return nullptr;
  }

  void Wait() {
    const int ready = ::poll(polled_.data(), polled_.size(), static_cast<int>(wait_.count()));
    if (ready <= 0) return;
    for (size_t i = polled_.size(); i-- > 0;) {
      if ((polled_[i].revents & POLLERR) == 0 || rings_[i]->ClearError()) continue;
      // What it still holds has been read: frames come before waits.
      counters_.dropped += rings_[i]->Dropped();
      rings_.erase(rings_.begin() + static_cast<ptrdiff_t>(i));
      polled_.erase(polled_.begin() + static_cast<ptrdiff_t>(i));
      current_ = 0;
    }
  }

  // False if the frame is not to be seen.
  bool Fill(tpacket3_hdr& frame, model::RawPacket& packet) {
    auto* base = reinterpret_cast<uint8_t*>(&frame);
    const auto& from = *reinterpret_cast<const sockaddr_ll*>(base + TPACKET_ALIGN(sizeof(tpacket3_hdr)));
    const auto link = LinkTypeOf(from);
    if (!link) {
      ++counters_.unsupported;
      return false;
    }
    OffloadHeader offload;
    std::memcpy(&offload, base + frame.tp_mac - sizeof offload, sizeof offload);

    packet.ts = base::FromUnixNanos(int64_t{frame.tp_sec} * 1'000'000'000 + frame.tp_nsec);
    packet.data = {base + frame.tp_mac, frame.tp_snaplen};
    packet.wire_length = frame.tp_len;
    packet.link = *link;
    packet.interface = static_cast<uint32_t>(from.sll_ifindex);
    packet.outgoing = from.sll_pkttype == PACKET_OUTGOING;
    packet.segment_size = offload.gso_type == kNoGso ? 0 : offload.gso_size;
    packet.checksum_pending = (offload.flags & kNeedsChecksum) != 0;
    if (*link == model::LinkType::kRaw) {
      const uint32_t link_header = std::min<uint32_t>(frame.tp_net - frame.tp_mac, frame.tp_snaplen);
      packet.data = packet.data.subspan(link_header);
      packet.wire_length -= link_header;
    } else if ((frame.tp_status & TP_STATUS_VLAN_VALID) != 0 && frame.tp_snaplen >= kMacAddresses) {
      PutVlanTagBack(frame, packet);
    }
    if (filter_ && !filter_->Matches(packet.data, packet.wire_length)) {
      ++counters_.filtered;
      return false;
    }
    packet.number = ++counters_.received;
    counters_.bytes += packet.data.size();
    return true;
  }

  // The kernel takes the tag out of the frame; the room for it is where the offload header was.
  static void PutVlanTagBack(const tpacket3_hdr& frame, model::RawPacket& packet) {
    static_assert(sizeof(OffloadHeader) >= kVlanTag);
    auto* begin = const_cast<uint8_t*>(packet.data.data()) - kVlanTag;
    std::memmove(begin, begin + kVlanTag, kMacAddresses);
    const bool known = (frame.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0;
    const uint16_t protocol = htons(known ? frame.hv1.tp_vlan_tpid : ETH_P_8021Q);
    const uint16_t tag = htons(static_cast<uint16_t>(frame.hv1.tp_vlan_tci));
    std::memcpy(begin + kMacAddresses, &protocol, sizeof protocol);
    std::memcpy(begin + kMacAddresses + sizeof protocol, &tag, sizeof tag);
    packet.data = {begin, packet.data.size() + kVlanTag};
    packet.wire_length += kVlanTag;
  }

  std::chrono::milliseconds wait_;
  std::optional<Filter> filter_;  // what the kernel cannot filter for us
  std::vector<std::unique_ptr<Ring>> rings_;
  std::vector<pollfd> polled_;  // one per ring
  size_t current_ = 0;
  Counters counters_;
  std::string damage_;
};

base::Error NoSuchInterface(const std::string& name) {
  std::string existing;
  if (struct if_nameindex* all = ::if_nameindex(); all != nullptr) {
    for (const auto* i = all; i->if_index != 0; ++i)
      existing += (existing.empty() ? "" : ", ") + std::string(i->if_name);
    ::if_freenameindex(all);
  }
  return {fmt::format("there is no interface {} in this network namespace; there are: {}", name, existing)};
}

base::Result<std::vector<int>> InterfacesOf(const LiveOptions& options) {
  if (options.interfaces.empty()) return std::vector<int>{0};
  std::vector<int> indexes;
  for (const std::string& name : options.interfaces) {
    const unsigned index = ::if_nametoindex(name.c_str());
    if (index == 0) return std::unexpected(NoSuchInterface(name));
    // Named twice is still captured once.
    if (std::ranges::find(indexes, static_cast<int>(index)) == indexes.end())
      indexes.push_back(static_cast<int>(index));
  }
  return indexes;
}

base::Error OnInterface(const LiveOptions& options, int interface, const base::Error& error) {
  char name[IF_NAMESIZE];
  if (options.interfaces.empty() || ::if_indextoname(static_cast<unsigned>(interface), name) == nullptr) return error;
  return {std::string(name) + ": " + error.message};
}

}  // namespace

base::Result<std::vector<std::unique_ptr<Source>>> OpenLive(const LiveOptions& options, unsigned workers) {
  const auto interfaces = InterfacesOf(options);
  if (!interfaces) return std::unexpected(interfaces.error());
  // The kernel filters frames whose tags it took out, so that only we can look for tags.
  const bool asks_for_tags = options.filter.find("vlan") != std::string::npos;
  const auto accept = AcceptProgram(asks_for_tags ? std::string() : options.filter);
  if (!accept) return std::unexpected(accept.error());

  std::vector<std::unique_ptr<LiveSource>> sources;
  for (unsigned i = 0; i < workers; ++i) {
    std::optional<Filter> filter;
    if (asks_for_tags) {
      auto compiled = Filter::Compile(options.filter, model::LinkType::kEthernet);
      if (!compiled) return std::unexpected(compiled.error());
      filter = std::move(*compiled);
    }
    sources.push_back(std::make_unique<LiveSource>(options.wait, std::move(filter)));
  }
  const auto ring_bytes = static_cast<uint32_t>(options.ring_bytes / interfaces->size());
  for (const int interface : *interfaces) {
    std::optional<int> group;
    for (const auto& source : sources) {
      auto ring = Ring::Open(interface, ring_bytes);
      if (!ring) return std::unexpected(OnInterface(options, interface, ring.error()));
      if (workers > 1) {
        const auto joined = (*ring)->JoinGroup(group, HostPairProgram());
        if (!joined) return std::unexpected(OnInterface(options, interface, joined.error()));
        group = *joined;
      }
      source->Add(std::move(*ring));
    }
  }
  // Only now, with all of them in their groups, does each packet reach one worker.
  std::vector<std::unique_ptr<Source>> result;
  for (auto& source : sources) {
    for (const auto& ring : source->rings()) {
      if (auto accepted = ring->Accept(*accept); !accepted) return std::unexpected(accepted.error());
    }
    result.push_back(std::move(source));
  }
  return result;
}

}  // namespace quaywatch::capture
