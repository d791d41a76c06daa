// SPDX-License-Identifier: Apache-2.0
#include "capture/ring.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>

namespace quaywatch::capture {
namespace {

// A super-packet has at most 64 KiB unless an administrator raised it (gso_max_size). Small rings have blocks
// that still hold one.
constexpr uint32_t kBlockBytes = 256u << 10;
constexpr uint32_t kSmallBlockBytes = 128u << 10;
constexpr uint32_t kLeastBlocks = 4;
constexpr size_t kMostClosers = 16;
// A block is handed over when it is full or this old, so that quiet links are seen soon as well.
constexpr unsigned kRetireMilliseconds = 10;
// Only has to divide the block: blocks of version 3 hold packets of any size one behind the other.
constexpr unsigned kFrameBytes = 2048;

base::Error SystemError(const std::string& what) { return {what + ": " + std::strerror(errno)}; }

template <typename T>
bool Set(int fd, int level, int option, const T& value) {
  return ::setsockopt(fd, level, option, &value, sizeof value) == 0;
}

sock_fprog View(const SocketProgram& program) {
  return {static_cast<uint16_t>(program.size()), const_cast<sock_filter*>(program.data())};
}

}  // namespace

base::Result<std::unique_ptr<Ring>> Ring::Open(const RingOptions& options) {
  // Without a protocol it does not receive before bind.
  const int fd = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    if (errno == EPERM || errno == EACCES) {
      return base::Fail(
          "live capture is not permitted: run as root or give the program CAP_NET_RAW (setcap cap_net_raw+ep)");
    }
    return std::unexpected(SystemError("cannot open a packet socket"));
  }
  std::unique_ptr<Ring> ring(new Ring(fd, options));
  if (auto result = ring->Accept(RejectProgram()); !result) return std::unexpected(result.error());
  if (!Set(fd, SOL_PACKET, PACKET_VERSION, int{TPACKET_V3}) || !Set(fd, SOL_PACKET, PACKET_VNET_HDR, int{1})) {
    return std::unexpected(SystemError("this kernel's packet sockets are too old (Linux 4.12 or newer is needed)"));
  }
  if (auto result = ring->Map(); !result) return std::unexpected(result.error());
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = options.interface;
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return std::unexpected(SystemError("cannot capture on the interface"));
  }
  return ring;
}

Ring::Ring(int fd, RingOptions options) : fd_(fd), options_(std::move(options)) {
  static std::atomic<uint64_t> last_id = 0;
  id_ = ++last_id;
}

Ring::~Ring() {
  if (memory_ != nullptr) ::munmap(memory_, size_t{blocks_} * block_bytes_);
  ::close(fd_);
}

base::Result<> Ring::Map() {
  block_bytes_ = options_.bytes >= kLeastBlocks * kBlockBytes ? kBlockBytes : kSmallBlockBytes;
  tpacket_req3 request{};
  request.tp_block_size = block_bytes_;
  request.tp_block_nr = std::max(kLeastBlocks, options_.bytes / block_bytes_);
  request.tp_frame_size = kFrameBytes;
  request.tp_frame_nr = request.tp_block_nr * (block_bytes_ / kFrameBytes);
  request.tp_retire_blk_tov = kRetireMilliseconds;
  const size_t size = size_t{request.tp_block_nr} * block_bytes_;
  void* memory = MAP_FAILED;
  if (Set(fd_, SOL_PACKET, PACKET_RX_RING, request)) {
    memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
  }
  if (memory == MAP_FAILED) {
    return std::unexpected(
        SystemError(fmt::format("cannot have a capture ring of {} MiB per worker; ask for a smaller one", size >> 20)));
  }
  memory_ = static_cast<uint8_t*>(memory);
  blocks_ = request.tp_block_nr;
  return {};
}

base::Result<int> Ring::JoinGroup(std::optional<int> group, const SocketProgram& program) {
  const int type = PACKET_FANOUT_CBPF | (group ? 0 : PACKET_FANOUT_FLAG_UNIQUEID);
  if (!Set(fd_, SOL_PACKET, PACKET_FANOUT, group.value_or(0) | type << 16)) {
    if (errno == EINVAL && options_.interface != 0) {
      return base::Fail(
          "the interface is down, and traffic cannot be shared among several workers; bring it up "
          "(ip link set ... up) or use one worker");
    }
    return std::unexpected(SystemError("cannot share the traffic among workers"));
  }
  if (group) return *group;
  int joined = 0;
  socklen_t size = sizeof joined;
  const sock_fprog view = View(program);
  if (::getsockopt(fd_, SOL_PACKET, PACKET_FANOUT, &joined, &size) != 0 ||
      !Set(fd_, SOL_PACKET, PACKET_FANOUT_DATA, view)) {
    return std::unexpected(SystemError("cannot share the traffic among workers"));
  }
  return joined & 0xffff;
}

base::Result<> Ring::Accept(const SocketProgram& program) {
  if (!Set(fd_, SOL_SOCKET, SO_ATTACH_FILTER, View(program))) {
    return std::unexpected(SystemError("the kernel does not take the packet filter"));
  }
  return {};
}

tpacket_block_desc* Ring::BlockAt(uint32_t index) const {
  return reinterpret_cast<tpacket_block_desc*>(memory_ + size_t{index} * block_bytes_);
}

tpacket3_hdr* Ring::Next() {
  if (packets_left_ > 1) [[likely]] {
    --packets_left_;
    at_ = reinterpret_cast<tpacket3_hdr*>(reinterpret_cast<uint8_t*>(at_) + at_->tp_next_offset);
    return at_;
  }
  packets_left_ = 0;
  for (;;) {
    if (block_ != nullptr) {
      // So that IsPending tells what comes from what was.
      block_->hdr.bh1.num_pkts = 0;
      std::atomic_ref(block_->hdr.bh1.block_status).store(TP_STATUS_KERNEL, std::memory_order_release);
      block_index_ = (block_index_ + 1) % blocks_;
      block_ = nullptr;
    }
    tpacket_block_desc* block = BlockAt(block_index_);
    const uint32_t status = std::atomic_ref(block->hdr.bh1.block_status).load(std::memory_order_acquire);
    if ((status & TP_STATUS_USER) == 0) return nullptr;
    block_ = block;
    packets_left_ = block->hdr.bh1.num_pkts;
    if (packets_left_ == 0) continue;
    at_ = reinterpret_cast<tpacket3_hdr*>(reinterpret_cast<uint8_t*>(block) + block->hdr.bh1.offset_to_first_pkt);
    return at_;
  }
}

bool Ring::IsPending() const {
  // The kernel counts a packet in its block before it takes the time.
  return std::atomic_ref(BlockAt(block_index_)->hdr.bh1.num_pkts).load(std::memory_order_acquire) != 0;
}

bool Ring::IsHalfFull() const {
  auto& status = BlockAt((block_index_ + blocks_ / 2) % blocks_)->hdr.bh1.block_status;
  return (std::atomic_ref(status).load(std::memory_order_relaxed) & TP_STATUS_USER) != 0;
}

uint64_t Ring::Dropped() {
  // The kernel counts from zero again after each look.
  tpacket_stats_v3 stats{};
  socklen_t size = sizeof stats;
  if (::getsockopt(fd_, SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0) *dropped_ += stats.tp_drops;
  return *dropped_;
}

bool Ring::ClearError() {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  // The kernel unbinds from an interface that is removed, and not from one that is only down.
  sockaddr_ll bound{};
  size = sizeof bound;
  return ::getsockname(fd_, reinterpret_cast<sockaddr*>(&bound), &size) != 0 || bound.sll_ifindex == options_.interface;
}

base::Result<std::vector<std::unique_ptr<Ring>>> OpenRings(const RingOptions& options, unsigned count) {
  std::vector<std::unique_ptr<Ring>> rings;
  std::optional<int> group;
  for (unsigned i = 0; i < count; ++i) {
    auto ring = Ring::Open(options);
    if (!ring) return std::unexpected(ring.error());
    if (count > 1) {
      const auto joined = (*ring)->JoinGroup(group, HostPairProgram());
      if (!joined) return std::unexpected(joined.error());
      group = *joined;
    }
    rings.push_back(std::move(*ring));
  }
  return rings;
}

void Close(std::vector<std::unique_ptr<Ring>> rings) {
  std::atomic<size_t> next = 0;
  std::vector<std::jthread> threads;
  for (size_t i = 0; i < std::min(kMostClosers, rings.size()); ++i) {
    threads.emplace_back([&] {
      for (size_t at = next++; at < rings.size(); at = next++) rings[at].reset();
    });
  }
}

}  // namespace quaywatch::capture
