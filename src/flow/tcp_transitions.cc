// SPDX-License-Identifier: Apache-2.0
// What a segment's flags do to the state of either side.
#include <algorithm>

#include "flow/tcp_context.h"

namespace quaywatch::flow {
namespace {

using State = TcpEndState;

bool IsHandshake(State state) {
  return state == State::kInactive || state == State::kSynSent || state == State::kSynAckSent;
}

}  // namespace

void TcpState::SetState(TcpEnd& end, TcpEndState state) {
  if (end.state == state) return;
  const TcpEnd& peer = &end == ends_.data() ? ends_[1] : ends_[0];
  if (!IsHandshake(state) && IsHandshake(end.state) && IsHandshake(peer.state)) left_handshake_ = true;
  end.previous = end.state;
  end.state = state;
}

void TcpState::UpdateStates(TcpEnd& end, TcpEnd& peer, int32_t delta_last, Context& c, TcpStep& step) {
  switch (end.state) {
    case State::kInactive:
      return FromInactive(end, peer, c, step);
    case State::kSynSent:
    case State::kSynAckSent:
      return FromSynSent(end, peer, c, step);
    case State::kEstablished:
    case State::kPartial:
      return FromEstablished(end, peer, c, step);
    case State::kClosed:
      return FromClosed(end, peer, delta_last, c, step);
    case State::kReset:
      return FromReset(c);
  }
}

void TcpState::FromInactive(TcpEnd& end, TcpEnd& peer, Context& c, TcpStep& step) {
  bool flip = false;
  if (c.syn && c.from_orig()) {
    if (c.has_ack) c.Weird("connection_originator_SYN_ack");
    SetState(end, c.has_ack ? State::kSynAckSent : State::kSynSent);
    attempt_deadline_ = c.now + kAttemptDelay;
  } else if (c.syn) {
    if (c.has_ack) {
      const bool acks_syn = c.ack - peer.start() <= peer.last_seq - peer.start();
      if (peer.state != State::kInactive && peer.state != State::kPartial && !acks_syn) c.Weird("bad_SYN_ack");
    } else if (peer.state == State::kSynAckSent && c.seq == end.start()) {
      flip = true;  // SYN+ACK and SYN were captured in the wrong order
    } else {
      c.Weird("simultaneous_open");
    }
    if (flip || peer.state == State::kSynSent) {
      SetState(peer, State::kEstablished);
    } else if (peer.state == State::kInactive) {
      c.Weird("unsolicited_SYN_response");
    }
    SetState(end, State::kEstablished);
  }
  if (c.fin) {
    SetState(end, State::kClosed);
    step.do_close = true;
    if (peer.state != State::kPartial && !c.syn) c.Weird("spontaneous_FIN");
  }
  if (c.rst) {
    SetState(end, State::kReset);
    const bool rejects = c.from_orig() ? peer.state == State::kEstablished
                                       : peer.state == State::kSynSent || peer.state == State::kSynAckSent;
    step.do_close = true;
    if (!rejects && peer.state == State::kInactive) c.Weird("spontaneous_RST");
  }
  if (end.state == State::kInactive) {
    if (!c.from_orig() && c.length == 0 && ends_[0].state == State::kSynSent) {
      // Some acknowledge a SYN before they send their own; that makes no partial connection.
    } else if (c.has_ack && peer.state == State::kEstablished) {
      // Only the very first SYN was missed.
      SetState(end, State::kEstablished);
      is_partial_ = false;
    } else {
      SetState(end, State::kPartial);
    }
  }
  if (flip) {
    FlipEnds(c, step);
    c.observer.FlipRoles(false);
  }
}

void TcpState::FromSynSent(TcpEnd& end, TcpEnd& peer, Context& c, TcpStep& step) {
  if (c.syn) {
    if (c.from_orig()) {
      if (c.has_ack && !c.fin && !c.rst && end.state != State::kSynAckSent) c.Weird("repeated_SYN_with_ack");
    } else if (!c.has_ack && end.state != State::kSynSent) {
      c.Weird("repeated_SYN_reply_wo_ack");
    }
  }
  if (c.fin) {
    if (peer.state == State::kInactive || peer.state == State::kSynSent) c.Weird("inappropriate_FIN");
    SetState(end, State::kClosed);
    step.do_close = true;
  }
  if (c.rst) {
    SetState(end, State::kReset);
    step.do_close = true;
  } else if (c.length > 0) {
    c.Weird("data_before_established");
  }
}

void TcpState::FromEstablished(TcpEnd& end, TcpEnd& peer, Context& c, TcpStep& step) {
  if (c.syn && end.state == State::kPartial && peer.state == State::kInactive && !c.has_ack) {
    c.Weird("SYN_after_partial");
    SetState(end, State::kSynSent);
  }
  if (c.fin && !c.rst) {
    SetState(end, State::kClosed);
    // FIN and then RST by the other side was a normal end after all.
    if (peer.state == State::kReset && peer.previous == State::kClosed) SetState(peer, State::kClosed);
    step.do_close = true;
  }
  if (c.rst) {
    SetState(end, State::kReset);
    step.do_close = true;
  }
}

void TcpState::FromClosed(TcpEnd& end, TcpEnd& peer, int32_t delta_last, Context& c, TcpStep& step) {
  if (c.syn) c.Weird("SYN_after_close");
  if (c.fin && delta_last > 0) c.Weird("FIN_advanced_last_seq");
  if (c.rst && peer.state != State::kClosed) {
    SetState(end, State::kReset);
    if (!end.did_close) step.do_close = true;
  }
}

void TcpState::FromReset(Context& c) {
  if (c.syn) c.Weird("SYN_after_reset");
  if (c.fin) c.Weird("FIN_after_reset");
  if (c.length > 0 && !c.rst) c.Weird("data_after_reset");
}

}  // namespace quaywatch::flow
