// SPDX-License-Identifier: Apache-2.0
//
// One AF_PACKET socket with a TPACKET_V3 receive ring (packet(7),
// Documentation/networking/packet_mmap.rst): the kernel fills blocks of packets, we give them back.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/socket_program.h"

struct tpacket3_hdr;
struct tpacket_block_desc;

namespace quaywatch::capture {

struct RingOptions {
  int interface = 0;   // its index; 0: all, also later ones
  uint32_t bytes = 0;  // about so many
  uint32_t netns = 0;  // as RawPacket::netns
  std::string name;    // the interface's; empty: all
};

class Ring {
 public:
  // In the calling thread's network namespace. It receives nothing until Accept. Takes the kernel about 10 ms,
  // which it mostly waits, and closing 25 ms.
  static base::Result<std::unique_ptr<Ring>> Open(const RingOptions& options);
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  // Joins a fanout group, or founds one if none is given, in which `program` chooses the socket. Returns
  // the group's number, which may be 0.
  base::Result<int> JoinGroup(std::optional<int> group, const SocketProgram& program);
  base::Result<> Accept(const SocketProgram& program);

  // The next packet, which is ours until the next call; nullptr if none has come.
  tpacket3_hdr* Next();
  // After Next found none: are there packets that the kernel has not handed over yet? It does so when their
  // block is full, and at the latest two retire timeouts (20 ms) after the first of them.
  bool IsPending() const;
  // Is the kernel at most half a ring from dropping packets?
  bool IsHalfFull() const;

  // Packets the kernel dropped because the ring was full, since the ring was opened. One thread asks;
  // account() may be looked at by any.
  uint64_t Dropped();
  const std::shared_ptr<std::atomic<uint64_t>>& account() const { return dropped_; }
  // Takes an error off the socket so that poll does not return at once for ever. False if the interface
  // is gone for good.
  bool ClearError();

  int fd() const { return fd_; }
  uint32_t netns() const { return options_.netns; }
  const std::string& name() const { return options_.name; }
  // Of all rings, only this one's.
  uint64_t id() const { return id_; }

 private:
  Ring(int fd, RingOptions options);
  base::Result<> Map();
  tpacket_block_desc* BlockAt(uint32_t index) const;

  int fd_;
  RingOptions options_;
  uint64_t id_;
  uint8_t* memory_ = nullptr;
  uint32_t block_bytes_ = 0;
  uint32_t blocks_ = 0;
  uint32_t block_index_ = 0;
  tpacket_block_desc* block_ = nullptr;  // the one being read
  uint32_t packets_left_ = 0;            // in it, with the current
  tpacket3_hdr* at_ = nullptr;
  std::shared_ptr<std::atomic<uint64_t>> dropped_ = std::make_shared<std::atomic<uint64_t>>(0);
};

// The rings of one interface for so many workers: both directions of a host pair reach the same one.
base::Result<std::vector<std::unique_ptr<Ring>>> OpenRings(const RingOptions& options, unsigned count);

// Closes many in the time of a few: the kernel waits for each, but for several at once.
void Close(std::vector<std::unique_ptr<Ring>> rings);

}  // namespace quaywatch::capture
