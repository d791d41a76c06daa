// SPDX-License-Identifier: Apache-2.0
// How a connection ends, when it is over, and how it is summed up.
#include <algorithm>

#include "flow/tcp_context.h"

namespace quaywatch::flow {
namespace {

using model::Direction;
using State = TcpEndState;

bool IsClean(const TcpEnd& end) {
  return end.state == State::kEstablished || (end.state == State::kClosed && end.previous == State::kEstablished);
}

}  // namespace

void TcpState::Close(Direction from, bool pending, TcpObserver& observer) {
  TcpEnd& end = ends_[static_cast<size_t>(from)];
  const TcpEnd& peer = ends_[1 - static_cast<size_t>(from)];
  if (pending) {
    close_deferred_ = true;
    return;
  }
  close_deferred_ = false;
  if (end.did_close) return;
  end.did_close = true;
  if (end.state == State::kReset || peer.did_close || peer.state == State::kInactive) {
    close_deadline_ = observer.last_time() + kCloseDelay;
  }
}

void TcpState::EndOfStream(Direction from, bool pending, TcpObserver& observer) {
  if (!close_deferred_) return;
  if (pending && both_closed()) observer.TcpWeird("pending_data_when_closed", {}, true);
  Close(from, pending, observer);
  close_deferred_ = false;
}

bool TcpState::IsReuse(const model::Datagram& datagram, base::Timestamp now, TcpObserver& observer) const {
  const uint16_t flags = datagram.tcp.flags;
  if (!datagram.tcp.header_ok || (flags & model::kSyn) == 0) return false;
  const TcpEnd& orig = ends_[0];
  const TcpEnd& resp = ends_[1];
  const bool has_ack = (flags & model::kAck) != 0;
  if (has_ack && orig.state != State::kInactive) return false;
  const TcpEnd& opener = has_ack ? resp : orig;
  const bool reset = orig.state == State::kReset || resp.state == State::kReset;
  // One side's end is enough to expect a new connection.
  if (!orig.did_close && !resp.did_close) {
    if (datagram.tcp.seq == opener.start()) return false;
    if (!has_ack && opener.state == State::kSynAckSent && resp.state == State::kInactive &&
        datagram.tcp.seq == resp.start()) {
      return false;  // SYN+ACK and SYN in the wrong order; Segment() flips them
    }
    observer.TcpWeird(opener.state == State::kSynSent ? "SYN_seq_jump" : "active_connection_reuse", {}, true);
  } else if ((orig.is_active() || resp.is_active()) && !reset) {
    observer.TcpWeird("active_connection_reuse", {}, true);
  } else if (now - observer.last_time() < kConnectionLinger && !reset) {
    observer.TcpWeird("premature_connection_reuse", {}, true);
  }
  return true;
}

void TcpState::ChecksumError(Direction from, TcpObserver& observer) {
  ScaledHistory(ends_[static_cast<size_t>(from)].checksum_errors, 'C', from, observer);
}

bool TcpState::Gap(Direction from, TcpObserver& observer) {
  if (!IsClean(ends_[0]) || !IsClean(ends_[1])) return false;
  ScaledHistory(ends_[static_cast<size_t>(from)].gaps, 'G', from, observer);
  return true;
}

uint64_t TcpState::SizeOf(const TcpEnd& end, const TcpEnd& peer) const {
  // A half-open connection found out and aborted: its numbers belong to another one.
  if (end.previous == State::kSynSent && end.state == State::kReset && peer.state == State::kInactive &&
      !end.no_data_acked()) {
    return 0;
  }
  uint64_t size = std::max(end.full_last(), end.full_ack()) - static_cast<uint64_t>(end.start_seq);
  if (size != 0) --size;                       // the SYN
  if (end.fin_count > 0 && size != 0) --size;  // the FIN
  return size;
}

uint64_t TcpState::Size(Direction side) const {
  return SizeOf(ends_[static_cast<size_t>(side)], ends_[1 - static_cast<size_t>(side)]);
}

base::Timestamp TcpState::Deadline(base::Timestamp start, base::Timestamp last, base::Duration inactivity) const {
  base::Timestamp deadline = last + (inactivity.count() > 0 ? inactivity
                                     : left_handshake_      ? kInactivity
                                                            : kHandshakeInactivity);
  const TcpEnd& orig = ends_[0];
  const TcpEnd& resp = ends_[1];
  if (close_deadline_ != base::Timestamp{}) deadline = std::min(deadline, close_deadline_);
  if (resp.state == State::kInactive) {
    if (orig.state == State::kSynSent || orig.state == State::kSynAckSent) {
      deadline = std::min(deadline, attempt_deadline_);
    } else if (orig.state == State::kInactive) {
      deadline = std::min(deadline, start + kNothingValid);
    }
  }
  return deadline;
}

std::string_view TcpState::ConnState(std::string_view history) const {
  const TcpEnd& orig = ends_[0];
  const TcpEnd& resp = ends_[1];
  const bool orig_quiet = orig.state == State::kInactive || orig.state == State::kPartial;
  const bool resp_quiet = resp.state == State::kInactive || resp.state == State::kPartial;
  if (resp.state == State::kReset) {
    if (orig.state == State::kSynSent || orig.state == State::kSynAckSent ||
        (orig.state == State::kReset && Size(Direction::kOrig) == 0 && Size(Direction::kResp) == 0)) {
      return "REJ";
    }
    return orig_quiet ? "RSTRH" : "RSTR";
  }
  if (orig.state == State::kReset) {
    if (!resp_quiet) return "RSTO";
    // S, then no sign of an answer up to R.
    std::string_view rest = history;
    if (rest.starts_with('^')) rest.remove_prefix(1);
    if (!rest.starts_with('S')) return "OTH";
    const size_t reset = rest.find('R');
    return reset != rest.npos && rest.substr(0, reset).find_first_of("HAFGIQ") == rest.npos ? "RSTOS0" : "OTH";
  }
  if (resp.state == State::kClosed && orig.state == State::kClosed) return "SF";
  if (orig.state == State::kClosed) return resp_quiet ? "SH" : "S2";
  if (resp.state == State::kClosed) return orig_quiet ? "SHR" : "S3";
  if (orig.state == State::kSynSent && resp.state == State::kInactive) return "S0";
  if (orig.state == State::kEstablished && resp.state == State::kEstablished) return "S1";
  return "OTH";
}

}  // namespace quaywatch::flow
