// SPDX-License-Identifier: Apache-2.0
#include "capture/live_source.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

namespace quaywatch::capture {
namespace {

constexpr size_t kMacAddresses = 12;
constexpr size_t kVlanTag = 4;
// After so many frames that are not to be seen the caller gets a chance to stop.
constexpr int kMostSkipped = 4096;
// Between looks whether held back frames may go.
constexpr auto kHoldPause = std::chrono::milliseconds(1);
constexpr size_t kMostUnsupportedNames = 16;

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

std::string InterfaceName(const Ring& ring, int index) {
  char name[IF_NAMESIZE];
  if (!ring.name().empty()) return fmt::format("{} in net:[{}]", ring.name(), ring.netns());
  return ::if_indextoname(static_cast<unsigned>(index), name) != nullptr ? name : fmt::format("number {}", index);
}

}  // namespace

base::Result<std::unique_ptr<LiveSource>> LiveSource::Make(base::Duration wait, std::optional<Filter> filter,
                                                           SocketProgram accept, std::shared_ptr<Inbox> inbox) {
  const int poll = ::epoll_create1(EPOLL_CLOEXEC);
  if (poll < 0) return base::Fail(fmt::format("cannot prepare live capture: {}", std::strerror(errno)));
  std::unique_ptr<LiveSource> source(
      new LiveSource(poll, wait, std::move(filter), std::move(accept), std::move(inbox)));
  if (source->inbox_ != nullptr) {
    epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
    ::epoll_ctl(poll, EPOLL_CTL_ADD, source->inbox_->fd(), &event);
  }
  return source;
}

LiveSource::~LiveSource() {
  Close(merge_.TakeAll());
  ::close(poll_);
}

base::Result<> LiveSource::Add(std::unique_ptr<Ring> ring) {
  Ring& added = *ring;
  merge_.Add(std::move(ring));
  epoll_event event{.events = EPOLLIN, .data = {.ptr = &added}};
  base::Result<> result = added.Accept(accept_);
  if (result && ::epoll_ctl(poll_, EPOLL_CTL_ADD, added.fd(), &event) != 0) {
    result = base::Fail(fmt::format("cannot watch a capture ring: {}", std::strerror(errno)));
  }
  if (!result) merge_.End(added.id());
  return result;
}

Next LiveSource::Read(model::RawPacket& packet) {
  for (bool waited = false;;) {
    if (inbox_ != nullptr && inbox_->HasNews()) [[unlikely]]
      TakeNews();
    if (merge_.HasEnded()) [[unlikely]]
      DropEnded();
    for (int skipped = 0; tpacket3_hdr* frame = merge_.Next(); ++skipped) {
      if (Fill(*frame, packet)) return Next::kPacket;
      if (skipped == kMostSkipped) return Next::kIdle;
    }
    if (merge_.HasEnded()) DropEnded();
    if (merge_.empty()) return Next::kEnd;
    if (waited) return Next::kIdle;
    waited = Wait();
  }
}

Counters LiveSource::counters() const {
  Counters counters = counters_;
  merge_.ForEach([&](Ring& ring) { CountDrops(ring, counters); });
  return counters;
}

void LiveSource::CountDrops(Ring& ring, Counters& counters) {
  const uint64_t dropped = ring.Dropped();
  counters.dropped += dropped;
  if (ring.netns() != 0) counters.dropped_in_namespaces += dropped;
}

void LiveSource::TakeNews() {
  Inbox::News news = inbox_->Take();
  for (auto& ring : news.added) {
    // One that fails goes back at once.
    static_cast<void>(Add(std::move(ring)));
  }
  for (const uint64_t id : news.ended) {
    merge_.ForEach([&](Ring& ring) {
      if (ring.id() == id) static_cast<void>(ring.Accept(RejectProgram()));
    });
    merge_.End(id);
  }
}

// True if nothing came in all the time that a caller is willing to wait.
bool LiveSource::Wait() {
  if (merge_.HoldsBack()) {
    std::this_thread::sleep_for(kHoldPause);
    held_ += kHoldPause;
    return held_ >= wait_ && (held_ = {}, true);
  }
  held_ = {};
  std::array<epoll_event, 16> events;
  const int ready = ::epoll_wait(poll_, events.data(), events.size(), static_cast<int>(wait_.count()));
  for (int i = 0; i < ready; ++i) {
    auto* ring = static_cast<Ring*>(events[static_cast<size_t>(i)].data.ptr);
    if (ring == nullptr || (events[static_cast<size_t>(i)].events & EPOLLERR) == 0) continue;
    if (!ring->ClearError()) merge_.End(ring->id());
  }
  return true;
}

void LiveSource::DropEnded() {
  for (auto& ring : merge_.TakeEnded()) {
    CountDrops(*ring, counters_);
    ::epoll_ctl(poll_, EPOLL_CTL_DEL, ring->fd(), nullptr);
    if (inbox_ != nullptr) inbox_->give_back(std::move(ring));
  }
}

// False if the frame is not to be seen.
bool LiveSource::Fill(tpacket3_hdr& frame, model::RawPacket& packet) {
  auto* base = reinterpret_cast<uint8_t*>(&frame);
  const auto& from = *reinterpret_cast<const sockaddr_ll*>(base + TPACKET_ALIGN(sizeof(tpacket3_hdr)));
  const auto link = LinkTypeOf(from);
  if (!link) {
    Unsupported(from.sll_ifindex);
    return false;
  }
  OffloadHeader offload;
  std::memcpy(&offload, base + frame.tp_mac - sizeof offload, sizeof offload);

  packet.ts = base::FromUnixNanos(int64_t{frame.tp_sec} * 1'000'000'000 + frame.tp_nsec);
  packet.data = {base + frame.tp_mac, frame.tp_snaplen};
  packet.wire_length = frame.tp_len;
  packet.link = *link;
  packet.netns = merge_.ring().netns();
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
void LiveSource::PutVlanTagBack(const tpacket3_hdr& frame, model::RawPacket& packet) {
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

void LiveSource::Unsupported(int interface) {
  ++counters_.unsupported;
  const uint64_t key = uint64_t{merge_.ring().netns()} << 32 | static_cast<uint32_t>(interface);
  if (key == last_unsupported_) return;
  last_unsupported_ = key;
  std::string name = InterfaceName(merge_.ring(), interface);
  auto& names = counters_.unsupported_interfaces;
  if (names.size() < kMostUnsupportedNames && std::ranges::find(names, name) == names.end())
    names.push_back(std::move(name));
}

}  // namespace quaywatch::capture
