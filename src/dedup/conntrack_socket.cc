// SPDX-License-Identifier: Apache-2.0
#include "dedup/conntrack_socket.h"

#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_compat.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>

namespace quaywatch::dedup {
namespace {

// An event has some hundred bytes: addresses, a timestamp, labels, a security context.
constexpr size_t kEventBytes = 4096;
constexpr size_t kBatch = 64;
// The kernel fills up to this much at once in a dump.
constexpr size_t kDumpBytes = 64 * 1024;

std::string Reason(int error) {
  if (error == EPERM || error == EACCES) return "no permission: run as root or give the program CAP_NET_ADMIN";
  if (error == EPROTONOSUPPORT || error == EINVAL || error == EOPNOTSUPP) {
    return "this kernel has no conntrack over netlink (module nf_conntrack_netlink)";
  }
  return std::strerror(error);
}

std::unexpected<base::Error> FailWith(const char* what, int error) {
  return base::Fail(std::string("connection tracking: ") + what + ": " + Reason(error));
}

// Not there: the kernel lacks conntrack, and opening will say so.
bool EventsAreOff() {
  std::ifstream file("/proc/sys/net/netfilter/nf_conntrack_events");
  int value = 1;
  return file >> value && value == 0;
}

}  // namespace

void ConntrackSocket::Close::operator()(mnl_socket* socket) const { mnl_socket_close(socket); }

ConntrackSocket::ConntrackSocket(Handle events, Handle dump)
    : events_(std::move(events)), dump_(std::move(dump)), buffer_(std::max(kBatch * kEventBytes, kDumpBytes)) {}

base::Result<std::unique_ptr<ConntrackSocket>> ConntrackSocket::Open(uint32_t socket_bytes) {
  if (EventsAreOff()) {
    return base::Fail(
        "connection tracking: the kernel's events are switched off: sysctl -w net.netfilter.nf_conntrack_events=1");
  }
  std::array<Handle, 2> handles;
  for (Handle& handle : handles) {
    handle.reset(mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC));
    if (!handle) return FailWith("cannot open a netlink socket", errno);
    if (mnl_socket_bind(handle.get(), 0, MNL_SOCKET_AUTOPID) < 0) return FailWith("cannot bind", errno);
  }
  mnl_socket* events = handles[0].get();
  const int descriptor = mnl_socket_get_fd(events);
  // Without the right to go over the system's limit, up to that limit.
  const auto size = static_cast<int>(socket_bytes);
  if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0) {
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  }
  for (int group : {NFNLGRP_CONNTRACK_NEW, NFNLGRP_CONNTRACK_DESTROY}) {
    if (mnl_socket_setsockopt(events, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0) {
      return FailWith("cannot subscribe to its events", errno);
    }
  }
  return std::unique_ptr<ConntrackSocket>(new ConntrackSocket(std::move(handles[0]), std::move(handles[1])));
}

ConntrackSocket::State ConntrackSocket::ReadEvents(const ConnectionHandler& handler) {
  std::array<iovec, kBatch> parts;
  std::array<mmsghdr, kBatch> messages{};
  for (size_t i = 0; i < kBatch; ++i) {
    parts[i] = {buffer_.data() + i * kEventBytes, kEventBytes};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  const int count = recvmmsg(mnl_socket_get_fd(events_.get()), messages.data(), kBatch, MSG_DONTWAIT, nullptr);
  if (count < 0) {
    if (errno == ENOBUFS) return State::kOverrun;
    return errno == EINTR ? State::kMore : State::kNothing;
  }
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    ReadConntrackMessages({buffer_.data() + i * kEventBytes, messages[i].msg_len}, handler);
  }
  return State::kMore;
}

base::Result<> ConntrackSocket::Dump(const ConnectionHandler& handler) {
  std::array<char, 256> request{};
  nlmsghdr* header = mnl_nlmsg_put_header(request.data());
  header->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET;
  header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  auto* family = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(header, sizeof(nfgenmsg)));
  family->nfgen_family = AF_UNSPEC;
  family->version = NFNETLINK_V0;
  if (mnl_socket_sendto(dump_.get(), header, header->nlmsg_len) < 0) return FailWith("cannot ask for a list", errno);
  while (true) {
    const ssize_t size = mnl_socket_recvfrom(dump_.get(), buffer_.data(), kDumpBytes);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return FailWith("cannot read the list", errno);
    const MessageSummary summary = ReadConntrackMessages({buffer_.data(), static_cast<size_t>(size)}, handler);
    if (summary.error != 0) return FailWith("cannot list", summary.error);
    if (summary.done) return {};
  }
}

}  // namespace quaywatch::dedup
