// SPDX-License-Identifier: Apache-2.0
#include "enrich/host/sockets.h"

#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace quaywatch::enrich::host {
namespace {

constexpr size_t kBufferBytes = 64 * 1024;
// Numbers of TCP's states in the kernel (net/tcp_states.h); a UDP socket without a peer has kClose.
constexpr uint32_t kClose = 7;
constexpr uint32_t kListen = 10;

struct Close {
  void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
};

struct Answer {
  uint16_t port = 0;
  std::optional<uint64_t> cgroup;
};

Answer ReadAnswer(const nlmsghdr* message) {
  Answer answer;
  if (mnl_nlmsg_get_payload_len(message) < sizeof(inet_diag_msg)) return answer;
  const auto* header = static_cast<const inet_diag_msg*>(mnl_nlmsg_get_payload(message));
  answer.port = ntohs(header->id.idiag_sport);
  const auto keep = [](const nlattr* attribute, void* data) {
    if (mnl_attr_get_type(attribute) == INET_DIAG_CGROUP_ID && mnl_attr_validate(attribute, MNL_TYPE_U64) == 0) {
      static_cast<Answer*>(data)->cgroup = mnl_attr_get_u64(attribute);
    }
    return MNL_CB_OK;
  };
  mnl_attr_parse(message, sizeof *header, keep, &answer);
  return answer;
}

void Copy(const model::IpAddress& address, uint8_t family, __be32* to) {
  const base::Bytes bytes = family == AF_INET ? address.bytes() : base::Bytes(address.mapped());
  std::memcpy(to, bytes.data(), bytes.size());
}

class KernelSockets final : public Sockets {
 public:
  explicit KernelSockets(mnl_socket* socket) : socket_(socket) {}

  std::vector<ListeningSocket> Listening() override {
    std::vector<ListeningSocket> found;
    const auto keep = [&found](const Answer& answer) {
      if (answer.cgroup && answer.port != 0) found.push_back({*answer.cgroup, answer.port});
    };
    for (const uint8_t family : {AF_INET, AF_INET6}) {
      inet_diag_req_v2 question{};
      question.sdiag_family = family;
      question.sdiag_protocol = IPPROTO_TCP;
      question.idiag_states = 1u << kListen;
      Ask(question, NLM_F_DUMP, keep);
      question.sdiag_protocol = IPPROTO_UDP;
      question.idiag_states = 1u << kClose;
      Ask(question, NLM_F_DUMP, keep);
    }
    return found;
  }

  std::optional<uint64_t> CgroupOf(const SocketTuple& socket) override {
    std::optional<uint64_t> cgroup;
    // An IPv6 socket with mapped addresses is found by its IPv4 ends.
    const uint8_t family = socket.local.is_v4() ? AF_INET : AF_INET6;
    inet_diag_req_v2 question{};
    question.sdiag_family = family;
    question.sdiag_protocol = socket.transport == model::Transport::kUdp ? IPPROTO_UDP : IPPROTO_TCP;
    question.idiag_states = ~0u;
    inet_diag_sockid& id = question.id;
    id.idiag_cookie[0] = id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    // Asked for one UDP socket, the kernel takes these for the ends of a packet to it (udp_dump_one: "swapped for
    // historical reasons").
    const bool is_packet = question.sdiag_protocol == IPPROTO_UDP;
    id.idiag_sport = htons(is_packet ? socket.remote_port : socket.local_port);
    id.idiag_dport = htons(is_packet ? socket.local_port : socket.remote_port);
    Copy(is_packet ? socket.remote : socket.local, family, id.idiag_src);
    Copy(is_packet ? socket.local : socket.remote, family, id.idiag_dst);
    const auto keep = [&](const Answer& answer) {
      if (answer.port == socket.local_port) cgroup = answer.cgroup;
    };
    Ask(question, 0, keep);
    return cgroup;
  }

 private:
  template <typename With>
  void Ask(const inet_diag_req_v2& question, uint16_t flags, With with) {
    alignas(nlmsghdr) std::array<char, 256> request{};
    nlmsghdr* message = mnl_nlmsg_put_header(request.data());
    message->nlmsg_type = SOCK_DIAG_BY_FAMILY;
    message->nlmsg_flags = NLM_F_REQUEST | flags;
    message->nlmsg_seq = ++sequence_;
    std::memcpy(mnl_nlmsg_put_extra_header(message, sizeof question), &question, sizeof question);
    if (mnl_socket_sendto(socket_.get(), message, message->nlmsg_len) < 0) return;
    while (true) {
      const ssize_t size = mnl_socket_recvfrom(socket_.get(), buffer_.data(), buffer_.size());
      if (size < 0 && errno == EINTR) continue;
      if (size <= 0) return;
      int left = static_cast<int>(size);
      for (const auto* part = reinterpret_cast<const nlmsghdr*>(buffer_.data()); mnl_nlmsg_ok(part, left);
           part = mnl_nlmsg_next(part, &left)) {
        if (part->nlmsg_seq != sequence_) continue;
        if (part->nlmsg_type == NLMSG_DONE || part->nlmsg_type == NLMSG_ERROR) return;
        with(ReadAnswer(part));
        if ((flags & NLM_F_DUMP) == 0) return;
      }
    }
  }

  std::unique_ptr<mnl_socket, Close> socket_;
  uint32_t sequence_ = 0;
  alignas(nlmsghdr) std::array<char, kBufferBytes> buffer_{};
};

}  // namespace

std::unique_ptr<Sockets> Sockets::Open() {
  mnl_socket* socket = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
  if (!socket) return nullptr;
  auto sockets = std::make_unique<KernelSockets>(socket);
  if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) return nullptr;
  return sockets;
}

}  // namespace quaywatch::enrich::host
