// SPDX-License-Identifier: Apache-2.0
#include "analyze/redis/match.h"

#include <string_view>
#include <utility>

namespace quaywatch::analyze::redis {
namespace {

size_t Weight(const Command& command) {
  return sizeof(Exchange) + command.name.size() + (command.key ? command.key->size() : 0) +
         (command.value ? command.value->size() : 0);
}
size_t Weight(const Reply& reply) { return sizeof(Exchange) + reply.text.size(); }
size_t Weight(const Exchange& exchange) {
  return (exchange.command ? Weight(*exchange.command) : 0) + (exchange.reply ? Weight(*exchange.reply) : 0);
}

bool EqualsLower(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] | 0x20) : text[i];
    if (c != lower[i]) return false;
  }
  return true;
}

}  // namespace

bool Matcher::Fits() {
  if (used_ <= kMaxPending && bytes_ <= kMaxPendingBytes) return true;
  std::deque<Exchange> ready = std::move(ready_);
  *this = {};
  ready_ = std::move(ready);
  return false;
}

// REQUIRES: number >= first_
Exchange& Matcher::At(uint64_t number, base::Timestamp now) {
  while (number >= first_ + slots_.size()) slots_.emplace_back();
  Slot& slot = slots_[number - first_];
  if (!slot.used) {
    slot.used = true;
    slot.exchange = {.ts = now};
    ++used_;
  }
  return slot.exchange;
}

bool Matcher::OnCommand(Command command, base::Timestamp now) {
  if (!Fits()) return false;
  ++commands_;
  if (command.verb == Verb::kHello && command.second == "3") resp3_ = true;
  if (command.verb != Verb::kOther) {
    if (!resp3_) subscribed_ = command.verb == Verb::kSubscribes;
    ever_subscribed_ |= command.verb == Verb::kSubscribes;
    const bool out_of_band = command.verb == Verb::kSubscribes || command.verb == Verb::kUnsubscribes;
    if (out_of_band || subscribed_) unanswered_.insert(commands_);
  }
  if (command.verb == Verb::kClient && command.arguments == 3) OnClientReply(command);
  if (commands_ < first_) {  // its reply was seen before it, or another in its place
    ready_.push_back({.ts = now, .command = std::move(command)});
    return true;
  }
  Exchange& exchange = At(commands_, now);
  bytes_ += Weight(command);
  exchange.command = std::move(command);
  return true;
}

void Matcher::OnClientReply(const Command& command) {
  const bool open = !silences_.empty() && !silences_.back().end;
  if (EqualsLower(command.third, "on")) {
    if (open) silences_.back().end = commands_;
  } else if (open) {
    return;
  } else if (EqualsLower(command.third, "off")) {
    silences_.push_back({commands_, std::nullopt});
  } else if (EqualsLower(command.third, "skip")) {
    silences_.push_back({commands_, commands_ + 2});
  }
}

uint64_t Matcher::NextReplyNumber() {
  const uint64_t next = replies_ + 1;
  while (!silences_.empty() && silences_.front().end && *silences_.front().end <= next) silences_.pop_front();
  uint64_t number = next;
  for (const Silence& silence : silences_) {
    if (silence.begin > next) break;
    if (silence.end && next < *silence.end) number = *silence.end;
  }
  while (unanswered_.erase(number) > 0) ++number;
  return number;
}

bool Matcher::OnReply(Reply reply, base::Timestamp now) {
  if (reply.is_push || (ever_subscribed_ && reply.is_published)) return true;
  if (reply.is_resp3) {
    resp3_ = true;
    subscribed_ = false;
  }
  if (subscribed_ && !reply.is_error) return true;
  if (!Fits()) return false;
  const uint64_t number = NextReplyNumber();
  replies_ = number;
  Exchange& exchange = At(number, now);
  bytes_ += Weight(reply);
  exchange.reply = std::move(reply);

  // Whatever came before will not be answered any more.
  while (!slots_.empty() && first_ <= number) {
    Slot& slot = slots_.front();
    if (slot.used && !slot.exchange.command && first_ == number) break;
    if (slot.used) {
      bytes_ -= Weight(slot.exchange);
      --used_;
      ready_.push_back(std::move(slot.exchange));
    }
    slots_.pop_front();
    ++first_;
  }
  if (commands_ == replies_) unanswered_.clear();
  return true;
}

std::optional<Exchange> Matcher::Take() {
  if (ready_.empty()) return std::nullopt;
  Exchange exchange = std::move(ready_.front());
  ready_.pop_front();
  return exchange;
}

std::optional<Exchange> Matcher::TakeRest() {
  if (auto exchange = Take()) return exchange;
  if (replies_ == 0) return std::nullopt;
  while (!slots_.empty()) {
    Slot slot = std::move(slots_.front());
    slots_.pop_front();
    if (slot.used) return std::move(slot.exchange);
  }
  return std::nullopt;
}

}  // namespace quaywatch::analyze::redis
