// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>

#include "analyze/redis/types.h"
#include "base/time.h"

namespace quaywatch::analyze::redis {

// A command and what came back; either may be missing.
struct Exchange {
  base::Timestamp ts;  // of whichever was first
  std::optional<Command> command;
  std::optional<Reply> reply;
};

// Pairs commands with replies by their order, as Zeek's script does: commands that are never answered
// (subscriptions, CLIENT REPLY OFF and SKIP) are passed over, and what a subscriber is sent is no reply.
class Matcher {
 public:
  // False if too much is pending; then everything is forgotten and matching begins anew.
  bool OnCommand(Command command, base::Timestamp now);
  bool OnReply(Reply reply, base::Timestamp now);

  // The next exchange that is complete or will never be; nothing if there is none.
  std::optional<Exchange> Take();
  // What is left at the end, in order; nothing if the server never replied.
  std::optional<Exchange> TakeRest();

 private:
  // Commands from `begin` on that get no reply, up to but not including `end`.
  struct Silence {
    uint64_t begin;
    std::optional<uint64_t> end;
  };
  struct Slot {
    bool used = false;
    Exchange exchange;
  };

  void OnClientReply(const Command& command);
  uint64_t NextReplyNumber();
  Exchange& At(uint64_t number, base::Timestamp now);
  bool Fits();

  uint64_t commands_ = 0;  // the number of the latest, from 1
  uint64_t replies_ = 0;
  bool subscribed_ = false;  // nothing the server sends is a reply (RESP2)
  bool ever_subscribed_ = false;
  bool resp3_ = false;
  std::deque<Slot> slots_;  // of the numbers from first_ on; those before are done with
  uint64_t first_ = 1;
  size_t used_ = 0;   // slots that are
  size_t bytes_ = 0;  // held by them
  std::deque<Silence> silences_;
  std::set<uint64_t> unanswered_;
  std::deque<Exchange> ready_;
};

}  // namespace quaywatch::analyze::redis
