// SPDX-License-Identifier: Apache-2.0
//
// One direction of a TCP connection: segments in any order become bytes in order, with holes named.
//
// What was delivered first is what counts: later copies of the same bytes are dropped. A hole is given up
// when the other side acknowledges it, since it then has what we missed. Positions are relative: the SYN
// is 0, the first byte 1.
//
// Memory: only bytes above a hole are kept, at most kMaxBuffered per direction and Budget::limit over all
// reassemblers of a worker; beyond either the direction is given up and a weird says so.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace quaywatch::stream {

// Bytes that all reassemblers of one worker hold together.
struct Budget {
  uint64_t limit = 256u << 20;
  uint64_t used = 0;
  uint64_t given_up = 0;  // directions that were given up because a limit was reached
};

// What comes out, and what happens on the way. Called within the Reassembler's functions.
class StreamSink {
 public:
  virtual ~StreamSink() = default;
  virtual void OnBytes(base::Bytes bytes) = 0;
  // `length` bytes will never come.
  virtual void OnHole(uint64_t length) = 0;
  virtual void OnStreamWeird(std::string_view name) = 0;
};

// What the reassembler must know of the side's sequence numbers, from the TCP state machine.
struct SideView {
  uint64_t relative_ack = 0;  // highest acknowledged by the other side
  uint64_t size = 0;          // bytes by sequence numbers
  uint64_t fin_seq = 0;       // relative, valid if has_fin
  bool has_fin = false;
  bool no_data_acked = true;
  bool is_partial = false;  // the connection's SYN was not seen
};

class Reassembler {
 public:
  // Zeek's tcp_max_above_hole_without_any_acks, tcp_max_initial_window, tcp_excessive_data_without_further_acks
  static constexpr uint64_t kMaxAboveHoleUnacked = 16384;
  static constexpr uint64_t kMaxInitialWindow = 16384;
  static constexpr uint64_t kMaxUnacked = 10u << 20;
  static constexpr uint64_t kMaxBuffered = 4u << 20;
  static constexpr size_t kMaxBlocks = 2048;  // between holes

  Reassembler() = default;
  ~Reassembler();
  Reassembler(const Reassembler&) = delete;
  Reassembler& operator=(const Reassembler&) = delete;

  // Payload that begins at `seq`.
  void Data(uint64_t seq, base::Bytes payload, const SideView& side, Budget& budget, StreamSink& sink);
  // The other side has acknowledged everything before `ack`.
  void Ack(uint64_t ack, const SideView& side, Budget& budget, StreamSink& sink);

  // Position of the next byte to deliver.
  uint64_t next_seq() const { return next_; }
  // Bytes that were not acknowledged yet, or wait above a hole.
  bool has_unacked_data() const { return held_ > trimmed_ || !blocks_.empty(); }
  // The direction was given up: nothing more is delivered.
  bool given_up() const { return given_up_; }

 private:
  struct Block {
    uint64_t seq;
    std::vector<uint8_t> bytes;
    uint64_t end() const { return seq + bytes.size(); }
  };

  void Insert(uint64_t seq, base::Bytes payload, Budget& budget);
  void DeliverReady(Budget& budget, StreamSink& sink);
  void GiveUp(Budget& budget);
  void Undelivered(uint64_t up_to, const SideView& side, Budget& budget, StreamSink& sink);

  uint64_t next_ = 1;
  uint64_t trimmed_ = 1;  // acknowledged up to here
  uint64_t held_ = 1;     // end of what was delivered, for has_unacked_data
  uint64_t buffered_ = 0;
  bool given_up_ = false;
  Budget* budget_ = nullptr;   // where buffered_ is accounted
  std::vector<Block> blocks_;  // above a hole, ordered, not overlapping
};

}  // namespace quaywatch::stream
