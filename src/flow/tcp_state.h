// SPDX-License-Identifier: Apache-2.0
//
// The state of a TCP connection as seen by a third party that may have missed its beginning, sees
// retransmissions and does not know which packets arrived. Semantics, weirds and the letters of
// conn.history are Zeek's (documentation of conn.log; RFC 9293 for the protocol itself).
//
// It knows nothing of payload. For each segment the caller
//   1. asks Segment() what the segment means,
//   2. gives the acknowledged and sent ranges to reassembly, and
//   3. reports with Close() what became of a FIN or RST, once it knows whether data is still pending.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/time.h"
#include "model/datagram.h"
#include "model/flow.h"

namespace quaywatch::flow {

enum class TcpEndState : uint8_t {
  kInactive,    // nothing seen from this side
  kSynSent,     // SYN seen, no answer
  kSynAckSent,  // SYN+ACK seen, but no SYN
  kPartial,     // data seen, but no SYN
  kEstablished,
  kClosed,  // FIN seen
  kReset,   // RST seen
};

// Sequence numbers marked "relative" count from the side's SYN, which is 0; the first byte of data is 1.
struct TcpEnd {
  TcpEndState state = TcpEndState::kInactive;
  TcpEndState previous = TcpEndState::kInactive;
  bool did_close = false;  // its end was reported
  uint8_t window_scale = 0;
  uint16_t fin_count = 0;
  uint16_t rst_count = 0;
  uint32_t last_seq = 0;  // one past the highest sent
  uint32_t ack_seq = 0;   // highest acknowledged by the other side
  uint32_t seq_wraps = 0;
  uint32_t ack_wraps = 0;
  int64_t start_seq = 0;    // of the SYN; may be -1 for a connection without one
  uint64_t fin_seq = 0;     // relative
  uint32_t window = 0;      // scaled bytes
  uint32_t window_seq = 0;  // where in either stream the window was announced
  uint32_t window_ack_seq = 0;
  uint32_t history_syn = 0;  // low bits of the relative position of the last SYN, FIN and RST
  uint32_t history_fin = 0;
  uint32_t history_rst = 0;
  uint32_t checksum_errors = 0;
  uint32_t retransmissions = 0;
  uint32_t zero_windows = 0;
  uint32_t gaps = 0;
  base::Timestamp last_time{};

  uint32_t start() const { return static_cast<uint32_t>(start_seq); }
  uint64_t full_last() const { return (static_cast<uint64_t>(seq_wraps) << 32) + last_seq; }
  uint64_t full_ack() const { return (static_cast<uint64_t>(ack_wraps) << 32) + ack_seq; }
  uint64_t relative_ack() const { return full_ack() - static_cast<uint64_t>(start_seq); }
  // Nothing but perhaps the SYN was acknowledged.
  bool no_data_acked() const {
    const uint64_t start = static_cast<uint64_t>(start_seq);
    return full_ack() == start || full_ack() == start + 1;
  }
  bool is_active() const { return state != TcpEndState::kInactive && !did_close; }
};

// What one segment means.
struct TcpStep {
  uint64_t relative_ack = 0;  // of the other side's stream; valid if has_ack
  uint64_t data_seq = 0;      // relative position of the first payload byte
  bool has_ack = false;
  bool deliver = false;   // payload belongs into the stream
  bool do_close = false;  // call Close() after reassembly
  bool flipped = false;   // originator and responder changed places, also for this segment
};

// How often a letter of the logarithmic kind ('C', 'T', 'W', 'G') is due: at the 1st, 10th, 100th ... time.
bool IsPowerOfTen(uint32_t count);

class TcpState;

// What the state machine tells and needs of the flow around it.
class TcpObserver {
 public:
  virtual ~TcpObserver() = default;
  // `name` lives as long as the program. `of_tcp`: the weird's source is the TCP engine.
  virtual void TcpWeird(std::string_view name, std::string_view addl, bool of_tcp) = 0;
  // Was any weird reported of this connection?
  virtual bool did_weird() const = 0;
  virtual void AddHistory(char letter) = 0;
  // `rewrite`: the history, too, is told anew from the other side.
  virtual void FlipRoles(bool rewrite) = 0;
  virtual void SetLastTime(base::Timestamp time) = 0;
  virtual base::Timestamp last_time() const = 0;
};

class TcpState {
 public:
  // Timeouts of packet time; Zeek's names and defaults.
  static constexpr base::Duration kAttemptDelay = std::chrono::seconds(5);
  static constexpr base::Duration kCloseDelay = std::chrono::seconds(5);
  static constexpr base::Duration kConnectionLinger = std::chrono::seconds(5);
  static constexpr base::Duration kNothingValid = std::chrono::seconds(11);
  static constexpr base::Duration kHandshakeInactivity = std::chrono::minutes(1);
  static constexpr base::Duration kInactivity = std::chrono::minutes(5);

  const TcpEnd& end(model::Direction side) const { return ends_[static_cast<size_t>(side)]; }
  bool is_partial() const { return is_partial_; }
  bool both_closed() const { return ends_[0].did_close && ends_[1].did_close; }

  // Takes note of a segment with a valid header and checksum.
  TcpStep Segment(const model::Datagram& datagram, model::Direction from, TcpObserver& observer);

  // The side's FIN or RST was processed; `pending`: some of its data is still to come, so that its end
  // is reported later by EndOfStream. When both have closed, close_deadline() is set.
  void Close(model::Direction from, bool pending, TcpObserver& observer);
  // Everything the side sent was delivered.
  void EndOfStream(model::Direction from, bool pending, TcpObserver& observer);

  // A new connection with this SYN on the same addresses and ports?
  bool IsReuse(const model::Datagram& datagram, base::Timestamp now, TcpObserver& observer) const;

  void ChecksumError(model::Direction from, TcpObserver& observer);
  // A hole in the side's stream that will not be filled. Notes it in the history, and returns whether it
  // counts as missed bytes: holes before and after the established state are no loss, but ignorance.
  bool Gap(model::Direction from, TcpObserver& observer);

  // Payload bytes by sequence numbers.
  uint64_t Size(model::Direction side) const;

  // When the connection is over if nothing more comes, by the rules above; `inactivity` zero: the default.
  base::Timestamp Deadline(base::Timestamp start, base::Timestamp last, base::Duration inactivity) const;

  // Zeek's conn_state, from the states, sizes and history.
  std::string_view ConnState(std::string_view history) const;

 private:
  struct Context;
  bool BeganWithSynAck(const Context& c) const;
  void FlipEnds(Context& c, TcpStep& step);
  void InitEnd(TcpEnd& end, uint32_t seq, uint32_t last_seq, const Context& c);
  void UpdateHistory(TcpEnd& end, uint64_t relative_seq, uint32_t length, const Context& c);
  void UpdateWindow(TcpEnd& end, TcpEnd& peer, const Context& c);
  void InitWindow(TcpEnd& end, TcpEnd& peer, const Context& c);
  void InitPeer(TcpEnd& peer, const TcpEnd& end, const Context& c);
  int32_t UpdateLastSeq(TcpEnd& end, uint32_t last_seq, const Context& c);
  void UpdateStates(TcpEnd& end, TcpEnd& peer, int32_t delta_last, Context& c, TcpStep& step);
  void FromInactive(TcpEnd& end, TcpEnd& peer, Context& c, TcpStep& step);
  void FromSynSent(TcpEnd& end, TcpEnd& peer, Context& c, TcpStep& step);
  void FromEstablished(TcpEnd& end, TcpEnd& peer, Context& c, TcpStep& step);
  void FromClosed(TcpEnd& end, TcpEnd& peer, int32_t delta_last, Context& c, TcpStep& step);
  void FromReset(Context& c);
  void CheckHistory(uint16_t bit, char letter, const Context& c, bool* seen_before);
  void ScaledHistory(uint32_t& count, char letter, model::Direction from, TcpObserver& observer);
  void SetState(TcpEnd& end, TcpEndState state);
  uint64_t SizeOf(const TcpEnd& end, const TcpEnd& peer) const;

  std::array<TcpEnd, 2> ends_;
  uint32_t history_seen_ = 0;  // letters noted once per side
  bool is_partial_ = false;
  bool close_deferred_ = false;
  bool left_handshake_ = false;
  std::array<bool, 2> first_packet_seen_{};
  base::Timestamp attempt_deadline_{};  // zero: none
  base::Timestamp close_deadline_{};    // zero: not closed
};

}  // namespace quaywatch::flow
