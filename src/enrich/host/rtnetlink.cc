// SPDX-License-Identifier: Apache-2.0
#include "enrich/host/rtnetlink.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace quaywatch::enrich::host {
namespace {

constexpr size_t kBufferBytes = 64 * 1024;
// Room for the events of some thousand containers that start while we are busy.
constexpr int kEventBytes = 16 << 20;
constexpr std::array kGroups{RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_NSID};

struct Close {
  void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
};
using Socket = std::unique_ptr<mnl_socket, Close>;

Socket OpenSocket(int flags) {
  Socket socket(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | flags));
  if (socket && mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0) socket.reset();
  return socket;
}

bool Set(const Socket& socket, int option, int value) {
  return mnl_socket_setsockopt(socket.get(), option, &value, sizeof value) == 0;
}

// Answers to single questions.
struct AnswerReader final : NetworkReader {
  void OnLink(Nsid, Link) override {}
  void OnLinkGone(Nsid, const Link&) override {}
  void OnAddress(Nsid, const LinkAddress&) override {}
  void OnAddressGone(Nsid, const LinkAddress&) override {}
  void OnNamespace(Nsid found) override { nsid = found; }
  void OnNamespaceGone(Nsid) override {}
  void OnGateway(const model::IpAddress& gateway) override { gateways.push_back(gateway); }

  std::optional<Nsid> nsid;
  std::vector<model::IpAddress> gateways;
};

class KernelRtnetlink final : public Rtnetlink {
 public:
  KernelRtnetlink(Socket events, Socket questions) : events_(std::move(events)), questions_(std::move(questions)) {}

  int fd() const override { return mnl_socket_get_fd(events_.get()); }

  Events ReadEvents(NetworkReader& reader) override {
    Events read = Events::kNone;
    while (true) {
      Nsid where = kNoNsid;
      const ssize_t size = Receive(where);
      if (size < 0 && errno == EINTR) continue;
      if (size < 0 && errno == ENOBUFS) {
        read = Events::kLost;
        continue;
      }
      if (size <= 0) return read;
      if (read == Events::kNone) read = Events::kSome;
      ReadMessages({buffer_.data(), static_cast<size_t>(size)}, where, reader);
    }
  }

  bool Dump(Nsid where, NetworkReader& reader) override {
    nlmsghdr* links = Begin(RTM_GETLINK, NLM_F_DUMP);
    mnl_nlmsg_put_extra_header(links, sizeof(ifinfomsg));
    if (where != kNoNsid) mnl_attr_put_u32(links, IFLA_TARGET_NETNSID, static_cast<uint32_t>(where));
    if (!Ask(links, [&](base::Bytes answer) { ReadMessages(answer, where, reader); })) return false;

    nlmsghdr* addresses = Begin(RTM_GETADDR, NLM_F_DUMP);
    mnl_nlmsg_put_extra_header(addresses, sizeof(ifaddrmsg));
    if (where != kNoNsid) mnl_attr_put_u32(addresses, IFA_TARGET_NETNSID, static_cast<uint32_t>(where));
    return Ask(addresses, [&](base::Bytes answer) { ReadMessages(answer, where, reader); });
  }

  std::optional<Nsid> NsidOf(int namespace_fd) override {
    nlmsghdr* message = Begin(RTM_GETNSID, 0);
    mnl_nlmsg_put_extra_header(message, sizeof(rtgenmsg));
    mnl_attr_put_u32(message, NETNSA_FD, static_cast<uint32_t>(namespace_fd));
    AnswerReader found;
    Ask(message, [&](base::Bytes answer) { ReadMessages(answer, kNoNsid, found); });
    return found.nsid;
  }

  std::optional<Nsid> AssignNsid(int namespace_fd) override {
    nlmsghdr* message = Begin(RTM_NEWNSID, NLM_F_ACK);
    mnl_nlmsg_put_extra_header(message, sizeof(rtgenmsg));
    mnl_attr_put_u32(message, NETNSA_NSID, static_cast<uint32_t>(kNoNsid));  // any
    mnl_attr_put_u32(message, NETNSA_FD, static_cast<uint32_t>(namespace_fd));
    if (!Ask(message, [](base::Bytes) {})) return std::nullopt;
    return NsidOf(namespace_fd);
  }

  bool SetAddress(uint32_t interface, const model::IpAddress& address) override {
    nlmsghdr* message = Begin(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE);
    auto* header = static_cast<ifaddrmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(ifaddrmsg)));
    header->ifa_family = AF_INET;
    header->ifa_prefixlen = 32;
    header->ifa_index = interface;
    mnl_attr_put(message, IFA_LOCAL, address.bytes().size(), address.bytes().data());
    return Ask(message, [](base::Bytes) {});
  }

  std::vector<model::IpAddress> Gateways(uint32_t interface) override {
    AnswerReader found;
    for (const uint8_t family : {AF_INET, AF_INET6}) {
      nlmsghdr* message = Begin(RTM_GETROUTE, NLM_F_DUMP);
      static_cast<rtmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(rtmsg)))->rtm_family = family;
      mnl_attr_put_u32(message, RTA_OIF, interface);
      Ask(message, [&](base::Bytes answer) { ReadMessages(answer, kNoNsid, found); });
    }
    return std::move(found.gateways);
  }

 private:
  ssize_t Receive(Nsid& where) {
    std::array<char, 256> control{};
    iovec data{buffer_.data(), buffer_.size()};
    msghdr header{};
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const ssize_t size = recvmsg(fd(), &header, 0);
    if (size <= 0) return size;
    for (cmsghdr* part = CMSG_FIRSTHDR(&header); part; part = CMSG_NXTHDR(&header, part)) {
      if (part->cmsg_level == SOL_NETLINK && part->cmsg_type == NETLINK_LISTEN_ALL_NSID) {
        std::memcpy(&where, CMSG_DATA(part), sizeof where);
      }
    }
    return size;
  }

  nlmsghdr* Begin(uint16_t type, uint16_t flags) {
    nlmsghdr* message = mnl_nlmsg_put_header(request_.data());
    message->nlmsg_type = type;
    message->nlmsg_flags = NLM_F_REQUEST | flags;
    message->nlmsg_seq = ++sequence_;
    return message;
  }

  enum class Piece : uint8_t { kMore, kEnd, kError };
  // Of an answer of one or many messages. An interrupted dump may be inconsistent: the events that interrupted it
  // are still to be read.
  Piece Look(size_t size, bool many) const {
    int left = static_cast<int>(size);
    for (const auto* message = reinterpret_cast<const nlmsghdr*>(buffer_.data()); mnl_nlmsg_ok(message, left);
         message = mnl_nlmsg_next(message, &left)) {
      if (message->nlmsg_seq != sequence_) continue;  // left over from an answer that was broken off
      if (message->nlmsg_type == NLMSG_ERROR) {
        const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message));
        return error->error == 0 ? Piece::kEnd : Piece::kError;
      }
      if (message->nlmsg_type == NLMSG_DONE) {
        const bool failed = mnl_nlmsg_get_payload_len(message) >= sizeof(int) &&
                            *static_cast<const int*>(mnl_nlmsg_get_payload(message)) < 0;
        return failed ? Piece::kError : Piece::kEnd;
      }
      if (!many) return Piece::kEnd;
    }
    return Piece::kMore;
  }

  // Hands each piece of the answer to `with`. False if it is an error.
  template <typename With>
  bool Ask(const nlmsghdr* message, With with) {
    const bool many = (message->nlmsg_flags & (NLM_F_DUMP | NLM_F_ACK)) != 0;
    if (mnl_socket_sendto(questions_.get(), message, message->nlmsg_len) < 0) return false;
    while (true) {
      const ssize_t size = mnl_socket_recvfrom(questions_.get(), buffer_.data(), buffer_.size());
      if (size < 0 && errno == EINTR) continue;
      if (size <= 0) return false;
      const Piece piece = Look(static_cast<size_t>(size), many);
      if (piece == Piece::kError) return false;
      with(base::Bytes(buffer_.data(), static_cast<size_t>(size)));
      if (piece == Piece::kEnd) return true;
    }
  }

  Socket events_;
  Socket questions_;
  uint32_t sequence_ = 0;
  alignas(nlmsghdr) std::array<char, 512> request_{};
  alignas(nlmsghdr) std::array<uint8_t, kBufferBytes> buffer_{};
};

}  // namespace

base::Result<std::unique_ptr<Rtnetlink>> Rtnetlink::Open() {
  Socket events = OpenSocket(SOCK_NONBLOCK);
  Socket questions = OpenSocket(0);
  if (!events || !questions) {
    return base::Fail(fmt::format("can't ask the kernel for interfaces (rtnetlink): {}", std::strerror(errno)));
  }
  // The first one needs CAP_NET_ADMIN, the other has the kernel's limit for everybody.
  const int fd = mnl_socket_get_fd(events.get());
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kEventBytes, sizeof kEventBytes) != 0) {
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kEventBytes, sizeof kEventBytes);
  }
  for (const int group : kGroups) {
    if (!Set(events, NETLINK_ADD_MEMBERSHIP, group)) {
      return base::Fail(fmt::format("can't hear of interfaces (rtnetlink): {}", std::strerror(errno)));
    }
  }
  if (!Set(events, NETLINK_LISTEN_ALL_NSID, 1) || !Set(questions, NETLINK_GET_STRICT_CHK, 1)) {
    return base::Fail("can't see into network namespaces: needs Linux 5.0 or newer");
  }
  return std::make_unique<KernelRtnetlink>(std::move(events), std::move(questions));
}

}  // namespace quaywatch::enrich::host
