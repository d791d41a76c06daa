// SPDX-License-Identifier: Apache-2.0
#include "dedup/proxy_order.h"

#include <algorithm>

namespace quaywatch::dedup {

void ProxyOrder::Insert(const Event& event) {
  const auto after = [](const Event& a, const Event& b) { return a.at < b.at; };
  events_.insert(std::upper_bound(events_.begin(), events_.end(), event, after), event);
}

void ProxyOrder::Ended(const model::Uid& uid, base::Timestamp at) {
  links_.erase(uid);
  Insert({at, Kind::kEnded, uid});
  Process(at - kSettle);
}

void ProxyOrder::Exclude(const model::Uid& uid) {
  std::erase_if(events_, [&](const Event& event) { return event.uid == uid; });
  StopWaiting(uid);
  const auto pair =
      std::ranges::find_if(recent_, [&](const Pair& linked) { return linked.first == uid || linked.second == uid; });
  if (pair != recent_.end()) Unlink(*pair);
  links_.erase(uid);
}

model::Uid ProxyOrder::LinkOf(const model::Uid& uid, base::Timestamp now) {
  Process(now - kSettle);
  const auto link = links_.find(uid);
  // A stranger may still make it uncertain.
  if (link == links_.end() || now - link->second.at < kSettle + kDelay) return {};
  return link->second.peer;
}

void ProxyOrder::Process(base::Timestamp until) {
  while (!events_.empty() && events_.front().at <= until) {
    const Event event = events_.front();
    events_.pop_front();
    switch (event.kind) {
      case Kind::kAccepted:
        waiting_.push_back({event.uid, event.at});
        if (waiting_.size() > 1) uncertain_ = true;
        break;
      case Kind::kOpened:
        Open(event.uid, event.at);
        break;
      case Kind::kEnded:
        StopWaiting(event.uid);
        links_.erase(event.uid);
        break;
    }
  }
}

void ProxyOrder::Open(const model::Uid& second, base::Timestamp at) {
  while (!recent_.empty() && at - recent_.front().at > kDelay) recent_.pop_front();
  if (waiting_.empty()) {
    for (const Pair& pair : recent_) Unlink(pair);
    recent_.clear();
    return;
  }
  const First first = waiting_.front();
  const bool certain = !uncertain_ && at - first.start <= kDelay;
  StopWaiting(first.uid);
  if (!certain) return;
  links_[first.uid] = {second, at};
  links_[second] = {first.uid, at};
  recent_.push_back({first.uid, second, at});
}

void ProxyOrder::StopWaiting(const model::Uid& first) {
  std::erase_if(waiting_, [&](const First& waits) { return waits.uid == first; });
  if (waiting_.empty()) uncertain_ = false;
}

void ProxyOrder::Unlink(const Pair& pair) {
  links_.erase(pair.first);
  links_.erase(pair.second);
}

}  // namespace quaywatch::dedup
