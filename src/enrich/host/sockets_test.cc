// SPDX-License-Identifier: Apache-2.0
#include "enrich/host/sockets.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace quaywatch::enrich::host {
namespace {

const model::IpAddress kLocal = model::IpAddress::Parse("127.0.0.1").value();

class BoundSocket {
 public:
  explicit BoundSocket(int type) : fd_(::socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    if (type == SOCK_STREAM) {
      EXPECT_EQ(::listen(fd_, 1), 0);
    }
  }
  ~BoundSocket() { ::close(fd_); }
  uint16_t port() const { return port_; }

 private:
  int fd_;
  uint16_t port_ = 0;
};

// Of the two ends of a conversation only one is a socket of ours.
void ExpectOwnEndOnly(model::Transport transport, uint16_t own) {
  const auto sockets = Sockets::Open();
  ASSERT_NE(sockets, nullptr);
  constexpr uint16_t kNobody = 1;
  EXPECT_TRUE(sockets->CgroupOf({transport, kLocal, own, kLocal, kNobody}));
  EXPECT_FALSE(sockets->CgroupOf({transport, kLocal, kNobody, kLocal, own}));
}

TEST(Sockets, UdpIsFoundByItsOwnEnd) { ExpectOwnEndOnly(model::Transport::kUdp, BoundSocket(SOCK_DGRAM).port()); }
TEST(Sockets, TcpIsFoundByItsOwnEnd) { ExpectOwnEndOnly(model::Transport::kTcp, BoundSocket(SOCK_STREAM).port()); }

}  // namespace
}  // namespace quaywatch::enrich::host
