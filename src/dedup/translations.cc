// SPDX-License-Identifier: Apache-2.0
#include "dedup/translations.h"

#include <algorithm>
#include <chrono>
#include <mutex>

#include "dedup/conntrack_socket.h"
#include "dedup/translation_table.h"

namespace quaywatch::dedup {
namespace {

// Packets have the kernel's wall clock; so has what is compared with them.
base::Timestamp WallClock() { return std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now()); }

// A list that failed is asked for again after this time.
constexpr base::Duration kListPause = std::chrono::seconds(1);
// Overruns during a list call for another, but not for ever: the next look goes on.
constexpr int kListsAtOnce = 3;

}  // namespace

class Translations::Impl {
 public:
  Impl(const TranslationOptions& options, std::unique_ptr<ConntrackSocket> socket)
      : socket_(std::move(socket)), table_(options) {}

  base::Result<> List() {
    const base::Timestamp now = WallClock();
    table_.BeginList(now);
    auto listed = socket_->Dump([&](const TrackedConnection& connection) { table_.Begin(connection, {}, now); });
    if (!listed) {
      next_list_ = now + kListPause;
      return listed;
    }
    // Events that waited may be older than the list and are told again; in their order they lead to the same end.
    list_wanted_ = false;
    Drain();
    table_.EndList(WallClock());
    return {};
  }

  // Reads all there is. After it, all that the kernel told until caught_up_ is in the table.
  void Drain() {
    while (true) {
      const base::Timestamp now = WallClock();
      const auto state = socket_->ReadEvents([&](const TrackedConnection& connection) {
        ++events_;
        connection.destroyed ? table_.End(connection, now) : table_.Begin(connection, caught_up_, now);
      });
      if (state == ConntrackSocket::State::kOverrun) {
        ++overruns_;
        list_wanted_ = true;
      } else if (state == ConntrackSocket::State::kNothing) {
        table_.Expire(now);
        caught_up_ = now;
        return;
      }
    }
  }

  void ReadUntil(base::Timestamp at) {
    if (at > caught_up_) Drain();
  }

  void CatchUp(base::Timestamp at) {
    ReadUntil(at);
    for (int i = 0; i < kListsAtOnce && list_wanted_ && caught_up_ >= next_list_; ++i) {
      if (!List()) return;
    }
  }

  std::mutex mutex_;
  std::unique_ptr<ConntrackSocket> socket_;
  TranslationTable table_;
  base::Timestamp caught_up_{};
  base::Timestamp next_list_{};
  bool list_wanted_ = false;
  uint64_t events_ = 0;
  uint64_t overruns_ = 0;
};

Translations::Translations(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Translations::~Translations() = default;

base::Result<std::unique_ptr<Translations>> Translations::Open(const TranslationOptions& options) {
  auto socket = ConntrackSocket::Open(options.socket_bytes);
  if (!socket) return std::unexpected(socket.error());
  auto impl = std::make_unique<Impl>(options, std::move(*socket));
  if (auto listed = impl->List(); !listed) return std::unexpected(listed.error());
  return std::unique_ptr<Translations>(new Translations(std::move(impl)));
}

Translations::Found Translations::Find(const model::FlowId& id, uint8_t ip_proto, base::Timestamp at) {
  const std::lock_guard lock(impl_->mutex_);
  impl_->ReadUntil(at);
  return impl_->table_.Find(id, ip_proto, at);
}

void Translations::CatchUp(base::Timestamp now) {
  const std::lock_guard lock(impl_->mutex_);
  impl_->CatchUp(now);
}

TranslationCounters Translations::counters() const {
  const std::lock_guard lock(impl_->mutex_);
  TranslationCounters counters;
  impl_->table_.Count(counters);
  counters.events = impl_->events_;
  counters.overruns = impl_->overruns_;
  return counters;
}

}  // namespace quaywatch::dedup
