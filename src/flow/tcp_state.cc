// SPDX-License-Identifier: Apache-2.0
#include "flow/tcp_state.h"

#include <algorithm>
#include <cctype>

#include "flow/tcp_context.h"

namespace quaywatch::flow {
namespace {

using model::Direction;
using State = TcpEndState;

// Sequence numbers of SYN and RST segments that are farther away than this are not believed.
constexpr int32_t kTooLargeDelta = 1 << 20;
// FINs or RSTs in a row, each within a second of the last, that are a storm.
constexpr uint16_t kStormCount = 1000;
constexpr base::Duration kStormInterval = std::chrono::seconds(1);
constexpr int kMaxWindowScale = 14;  // RFC 7323, 2.3

enum HistoryBit : uint16_t {
  kHistSyn = 1,
  kHistFin = 2,
  kHistRst = 4,
  kHistFinRst = 8,
  kHistData = 16,
  kHistAck = 32,
  kHistMulti = 64
};

int32_t Delta(uint32_t a, uint32_t b) { return static_cast<int32_t>(a - b); }

// Position of `seq` counted from the side's SYN, given the last position known and its wraps.
uint64_t RelativeSeq(const TcpEnd& end, uint32_t seq, uint32_t last, uint32_t wraps, bool* underflow) {
  const int32_t delta = Delta(seq, last);
  if (delta < 0) {
    if (wraps > 0 && seq > last) --wraps;  // of the sequence space before
  } else if (delta > 0 && seq < last) {
    ++wraps;
  }
  if (wraps == 0) {
    const int32_t from_start = Delta(seq, end.start());
    if (from_start < 0) *underflow = true;
    return static_cast<uint64_t>(static_cast<int64_t>(from_start));
  }
  return (static_cast<uint64_t>(wraps) << 32) + seq - static_cast<uint64_t>(end.start_seq);
}

}  // namespace

bool IsPowerOfTen(uint32_t count) {
  while (count >= 10 && count % 10 == 0) count /= 10;
  return count == 1;
}

TcpStep TcpState::Segment(const model::Datagram& datagram, Direction from, TcpObserver& observer) {
  const model::TcpHeader& tcp = datagram.tcp;
  Context c{observer,
            datagram.ts,
            from,
            tcp.seq,
            tcp.ack,
            datagram.payload_length,
            tcp.window,
            tcp.window_scale,
            (tcp.flags & model::kSyn) != 0,
            (tcp.flags & model::kFin) != 0,
            (tcp.flags & model::kRst) != 0,
            (tcp.flags & model::kAck) != 0,
            (tcp.flags & model::kUrg) != 0};
  TcpStep step;
  if (BeganWithSynAck(c)) {
    FlipEnds(c, step);
    observer.FlipRoles(true);
  }
  from = c.from;
  TcpEnd& end = ends_[static_cast<size_t>(from)];
  TcpEnd& peer = ends_[1 - static_cast<size_t>(from)];

  // After SYN and ACK came first, only the originator's SYN is missing: that is no partial connection.
  if (!step.flipped && !first_packet_seen_[static_cast<size_t>(from)]) {
    if (c.from_orig()) {
      is_partial_ = !c.syn || c.has_ack;
    } else if (!is_partial_) {
      is_partial_ = !c.syn;
    }
  }

  const uint32_t segment_length = (c.rst ? 0 : c.length) + (c.syn ? 1 : 0) + (c.fin ? 1 : 0);
  const uint32_t past_segment = c.seq + segment_length;
  InitEnd(end, c.seq, past_segment, c);

  bool underflow = false;
  const uint64_t relative_seq = RelativeSeq(end, c.seq, end.last_seq, end.seq_wraps, &underflow);
  if (underflow && !c.rst) c.Weird("TCP_seq_underflow_or_misorder");

  UpdateHistory(end, relative_seq, c.length, c);
  UpdateWindow(end, peer, c);
  if (!both_closed()) observer.SetLastTime(c.now);

  if (c.syn) {
    if (c.rst) c.Weird("TCP_christmas");
    if (c.urg) c.Weird("baroque_SYN");
    if (c.length > 0) c.Weird("SYN_with_data");
    InitWindow(end, peer, c);
  }
  if (c.fin) {
    if (++end.fin_count >= kStormCount && c.now < end.last_time + kStormInterval) c.Weird("FIN_storm");
    end.fin_seq = relative_seq + segment_length;
  }
  if (c.rst && ++end.rst_count >= kStormCount && c.now < end.last_time + kStormInterval) c.Weird("RST_storm");

  if (c.has_ack) {
    step.has_ack = true;
    if (peer.state == State::kInactive) {
      step.relative_ack = 1;
      InitPeer(peer, end, c);
    } else {
      bool ack_underflow = false;
      step.relative_ack = RelativeSeq(peer, c.ack, peer.ack_seq, peer.ack_wraps, &ack_underflow);
      if (ack_underflow) {
        step.relative_ack = 0;
        c.Weird("TCP_ack_underflow_or_misorder");
      } else if (!c.rst) {
        const int32_t delta = Delta(c.ack, peer.ack_seq);
        // A zero far ahead is a broken acknowledgement rather than a long connection.
        if (delta > 0 && !(c.ack == 0 && delta > kTooLargeDelta)) {
          if (c.ack < peer.ack_seq) ++peer.ack_wraps;
          peer.ack_seq = c.ack;
        }
      }
    }
  }

  const int32_t delta_last = UpdateLastSeq(end, past_segment, c);
  end.last_time = c.now;
  UpdateStates(end, peer, delta_last, c, step);
  // A flip inside the state machine changed what `from` means; the segment's own side is now the originator.
  first_packet_seen_[static_cast<size_t>(c.from)] = true;

  step.data_seq = c.syn ? relative_seq + 1 : relative_seq;
  step.deliver = c.length > 0 && !c.rst && !underflow;
  return step;
}

// A connection that began with SYN+ACK and goes on with data or an acknowledgement is no scan: its opener is
// the other side.
bool TcpState::BeganWithSynAck(const Context& c) const {
  return ends_[0].state == State::kSynAckSent && ends_[1].state == State::kInactive && !c.syn && !c.rst &&
         (c.length > 0 || (c.has_ack && !c.fin));
}

void TcpState::FlipEnds(Context& c, TcpStep& step) {
  std::swap(ends_[0], ends_[1]);
  std::swap(first_packet_seen_[0], first_packet_seen_[1]);
  history_seen_ = history_seen_ >> 16 | history_seen_ << 16;
  is_partial_ = false;
  c.from = Reverse(c.from);
  step.flipped = true;
}

void TcpState::InitEnd(TcpEnd& end, uint32_t seq, uint32_t last_seq, const Context& c) {
  const auto restart = [&] {
    end.start_seq = seq;
    end.ack_seq = seq;
    end.last_seq = last_seq;
  };
  switch (end.state) {
    case State::kInactive:
      if (c.syn) {
        end.ack_seq = seq;
        end.start_seq = seq;
        end.last_seq = last_seq;
      } else {
        // As if there had been a SYN just before, so that positions mean the same; and the first segment
        // must not look like a retransmission.
        end.ack_seq = seq - 1;
        end.start_seq = static_cast<uint32_t>(seq - 1);
        end.last_seq = seq;
      }
      break;
    case State::kSynSent:
    case State::kSynAckSent:
      if (c.syn && seq != end.start()) {
        c.ConnWeird("SYN_seq_jump");
        restart();
      }
      break;
    case State::kEstablished:
    case State::kPartial:
      if (c.syn) {
        const TcpEnd& peer = &end == ends_.data() ? ends_[1] : ends_[0];
        if (SizeOf(end, peer) > 0) c.ConnWeird("SYN_inside_connection");
        if (seq != end.start()) c.ConnWeird("SYN_seq_jump");
        restart();  // this SYN may be the one that really sets the connection up
      }
      break;
    case State::kReset:
      // The RST that gave the numbers may have been forged.
      if (c.syn && end.previous == State::kInactive) restart();
      break;
    case State::kClosed:
      break;
  }
}

void TcpState::CheckHistory(uint16_t bit, char letter, const Context& c, bool* seen_before) {
  const uint32_t mask = c.from_orig() ? bit : static_cast<uint32_t>(bit) << 16;
  *seen_before = (history_seen_ & mask) != 0;
  if (!*seen_before) {
    history_seen_ |= mask;
    c.AddHistory(letter);
  }
}

void TcpState::UpdateHistory(TcpEnd& end, uint64_t relative_seq, uint32_t length, const Context& c) {
  const int control = c.syn + c.fin + c.rst;
  bool seen = false;
  // SYN, FIN and RST are noted again where they come at another place.
  const auto note = [&](uint16_t bit, char letter, uint32_t& last, uint64_t at) {
    CheckHistory(bit, letter, c, &seen);
    if (seen && static_cast<uint32_t>(at) != last) c.AddHistory(letter);
    last = static_cast<uint32_t>(at);
  };
  if (control > 1) {
    if (c.fin && c.rst) {
      CheckHistory(kHistFinRst, 'I', c, &seen);
    } else {
      CheckHistory(kHistMulti, 'Q', c, &seen);
    }
  } else if (c.syn) {
    note(kHistSyn, c.has_ack ? 'H' : 'S', end.history_syn, relative_seq);
  } else if (c.fin) {
    note(kHistFin, 'F', end.history_fin, relative_seq + length);
  } else if (c.rst) {
    note(kHistRst, 'R', end.history_rst, relative_seq);
  } else if (length > 0) {
    CheckHistory(kHistData, 'D', c, &seen);
  } else if (c.has_ack) {
    CheckHistory(kHistAck, 'A', c, &seen);
  }
}

void TcpState::ScaledHistory(uint32_t& count, char letter, Direction from, TcpObserver& observer) {
  if (IsPowerOfTen(++count)) {
    observer.AddHistory(from == Direction::kOrig ? letter : static_cast<char>(std::tolower(letter)));
  }
}

void TcpState::UpdateWindow(TcpEnd& end, TcpEnd& peer, const Context& c) {
  const uint32_t window = static_cast<uint32_t>(c.window) << end.window_scale;
  // A closed window says something unless the side or its peer is done anyway.
  if (window == 0 && !c.rst && peer.state != State::kClosed && end.state != State::kReset) {
    ScaledHistory(end.zero_windows, 'W', c.from, c.observer);
  }
  if (c.syn || c.fin || c.rst || end.state == State::kClosed || end.state == State::kReset) return;
  if (Delta(c.seq, end.window_seq) < 0 || Delta(c.ack, end.window_ack_seq) < 0) return;
  const int32_t advance = Delta(c.ack + window, end.window_ack_seq + end.window);
  // Scaling rounds; only what is more than that takes back what was promised.
  if (advance < 0 && -static_cast<int64_t>(advance) >= int64_t{1} << end.window_scale) c.ConnWeird("window_recision");
  end.window = window;
  end.window_ack_seq = c.ack;
  end.window_seq = c.seq;
}

void TcpState::InitWindow(TcpEnd& end, TcpEnd& peer, const Context& c) {
  if (c.window_scale < 0) {
    end.window_scale = 0;
    if (c.has_ack) peer.window_scale = 0;
    return;
  }
  if (c.window_scale > kMaxWindowScale && !c.observer.did_weird()) {
    c.Weird("TCP_scale_range", std::to_string(c.window_scale));
  }
  end.window_scale = static_cast<uint8_t>(std::min<int>(c.window_scale, kMaxWindowScale));
  end.window_seq = c.seq;
  end.window_ack_seq = c.ack;
  peer.window_seq = c.ack;
  peer.window_ack_seq = c.seq;
}

void TcpState::InitPeer(TcpEnd& peer, const TcpEnd& end, const Context& c) {
  const bool spoke_first =
      end.state == State::kSynSent || end.state == State::kSynAckSent || end.state == State::kEstablished;
  // It acknowledges what we never saw sent.
  if (!c.syn && !c.fin && !c.rst && spoke_first && !c.observer.did_weird()) c.ConnWeird("possible_split_routing");
  peer.start_seq = static_cast<uint32_t>(c.ack - 1);
  peer.ack_seq = c.ack - 1;
  peer.last_seq = c.ack - 1;
}

int32_t TcpState::UpdateLastSeq(TcpEnd& end, uint32_t last_seq, const Context& c) {
  const int32_t delta = Delta(last_seq, end.last_seq);
  const auto update = [&] {
    if (last_seq < end.last_seq) ++end.seq_wraps;
    end.last_seq = last_seq;
  };
  if ((c.syn || c.rst) && (delta > kTooLargeDelta || delta < -kTooLargeDelta)) {
    return delta;
  }
  if (c.fin && end.last_seq == end.start() + 1) {
    update();  // more than 2 GB of which only SYN and FIN were seen
  } else if (end.state == State::kReset) {
    return delta;
  } else if (delta > 0) {
    update();
  } else if (c.length > 0) {
    ScaledHistory(end.retransmissions, 'T', c.from, c.observer);
  }
  return delta;
}

}  // namespace quaywatch::flow
