// SPDX-License-Identifier: Apache-2.0
//
// Reads one worker's share of live traffic from its rings.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "capture/filter.h"
#include "capture/inbox.h"
#include "capture/merge.h"
#include "capture/socket_program.h"
#include "capture/source.h"

namespace quaywatch::capture {

class LiveSource final : public Source {
 public:
  // `filter`: what the kernel cannot filter for us; `accept`: what it can. Without an `inbox` no rings come
  // later.
  static base::Result<std::unique_ptr<LiveSource>> Make(base::Duration wait, std::optional<Filter> filter,
                                                        SocketProgram accept, std::shared_ptr<Inbox> inbox);
  ~LiveSource() override;

  // From now on it receives. REQUIRES: not being read, or called by the thread that reads.
  base::Result<> Add(std::unique_ptr<Ring> ring);

  Next Read(model::RawPacket& packet) override;
  const std::string& damage() const override { return damage_; }
  double progress() const override { return -1; }
  Counters counters() const override;

 private:
  LiveSource(int poll, base::Duration wait, std::optional<Filter> filter, SocketProgram accept,
             std::shared_ptr<Inbox> inbox)
      : poll_(poll),
        wait_(std::chrono::duration_cast<std::chrono::milliseconds>(wait)),
        filter_(std::move(filter)),
        accept_(std::move(accept)),
        inbox_(std::move(inbox)) {}

  bool Fill(tpacket3_hdr& frame, model::RawPacket& packet);
  static void PutVlanTagBack(const tpacket3_hdr& frame, model::RawPacket& packet);
  void Unsupported(int interface);
  void TakeNews();
  bool Wait();
  void DropEnded();
  static void CountDrops(Ring& ring, Counters& counters);

  const int poll_;  // epoll(7)
  const std::chrono::milliseconds wait_;
  const std::optional<Filter> filter_;
  const SocketProgram accept_;
  const std::shared_ptr<Inbox> inbox_;
  Merge merge_;
  std::chrono::milliseconds held_{};  // waited in a row for frames that are held back
  uint64_t last_unsupported_ = 0;
  Counters counters_;
  std::string damage_;
};

}  // namespace quaywatch::capture
