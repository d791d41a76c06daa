// SPDX-License-Identifier: Apache-2.0
//
// One AF_PACKET socket with a TPACKET_V3 receive ring (packet(7),
// Documentation/networking/packet_mmap.rst): the kernel fills blocks of packets, we give them back.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "capture/socket_program.h"

struct tpacket3_hdr;
struct tpacket_block_desc;

namespace quaywatch::capture {

class Ring {
 public:
  // A ring of about `bytes` on the interface with this index (0: all, also later ones). It receives
  // nothing until Accept.
  static base::Result<std::unique_ptr<Ring>> Open(int interface, uint32_t bytes);
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  // Joins a fanout group, or founds one if none is given, in which `program` chooses the socket. Returns
  // the group's number, which may be 0.
  base::Result<int> JoinGroup(std::optional<int> group, const SocketProgram& program);
  base::Result<> Accept(const SocketProgram& program);

  // The next packet, which is ours until the next call; nullptr if none has come.
  tpacket3_hdr* Next();

  // Packets the kernel dropped because the ring was full, since the ring was opened.
  uint64_t Dropped();
  // Takes an error off the socket so that poll does not return at once for ever. False if the interface
  // is gone for good.
  bool ClearError();

  int fd() const { return fd_; }
  int interface() const { return interface_; }

 private:
  Ring(int fd, int interface) : fd_(fd), interface_(interface) {}
  base::Result<> Map(uint32_t bytes);
  tpacket_block_desc* BlockAt(uint32_t index) const;

  int fd_;
  int interface_;
  uint8_t* memory_ = nullptr;
  uint32_t blocks_ = 0;
  uint32_t block_index_ = 0;
  tpacket_block_desc* block_ = nullptr;  // the one being read
  uint32_t packets_left_ = 0;            // in it, with the current
  tpacket3_hdr* at_ = nullptr;
  uint64_t dropped_ = 0;
};

}  // namespace quaywatch::capture
