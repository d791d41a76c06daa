// SPDX-License-Identifier: Apache-2.0
// Where commands have their key and value, by Zeek's choice of what redis.log shows.
#include <algorithm>
#include <array>
#include <cctype>

#include "analyze/redis/parse.h"

namespace quaywatch::analyze::redis {
namespace {

struct Known {
  std::string_view name;
  Verb verb = Verb::kKnown;
  uint8_t key_at = 0;  // 0: none
  uint8_t value_at = 0;
};

// In alphabetical order.
constexpr auto kCommands = std::to_array<Known>({
    {"append", Verb::kKnown, 1, 2},
    {"auth"},
    {"bitcount", Verb::kKnown, 1},
    {"bitfield", Verb::kKnown, 1},
    {"bitfield_ro", Verb::kKnown, 1},
    {"bitop", Verb::kKnown, 2},  // operation, destination, keys
    {"bitpos", Verb::kKnown, 1},
    {"blmpop", Verb::kKnown, 3},  // timeout, number of keys, keys
    {"blpop", Verb::kKnown, 1},
    {"brpop", Verb::kKnown, 1},
    {"client", Verb::kClient},
    {"copy", Verb::kKnown, 1},
    {"decr", Verb::kKnown, 1},
    {"decrby", Verb::kKnown, 1, 2},
    {"del", Verb::kKnown, 1},
    {"dump", Verb::kKnown, 1},
    {"exists", Verb::kKnown, 1},
    {"expire", Verb::kKnown, 1, 2},
    {"expireat", Verb::kKnown, 1, 2},
    {"expiretime", Verb::kKnown, 1},
    {"get", Verb::kKnown, 1},
    {"getbit", Verb::kKnown, 1, 2},
    {"getdel", Verb::kKnown, 1},
    {"getex", Verb::kKnown, 1},
    {"getrange", Verb::kKnown, 1},
    {"getset", Verb::kKnown, 1, 2},
    {"hdel", Verb::kKnown, 1, 2},
    {"hello", Verb::kHello},
    {"hget", Verb::kKnown, 1, 2},
    {"hincrby", Verb::kKnown, 1, 2},
    {"hkeys", Verb::kKnown, 1},
    {"hmget", Verb::kKnown, 1, 2},
    {"hset", Verb::kKnown, 1},
    {"hvals", Verb::kKnown, 1},
    {"incr", Verb::kKnown, 1},
    {"incrby", Verb::kKnown, 1, 2},
    {"keys", Verb::kKnown, 1},
    {"mget", Verb::kKnown, 1},
    {"move", Verb::kKnown, 1, 2},
    {"mset", Verb::kKnown, 1, 2},
    {"persist", Verb::kKnown, 1},
    {"psubscribe", Verb::kSubscribes},
    {"punsubscribe", Verb::kUnsubscribes},
    {"quit", Verb::kLeaves},
    {"rename", Verb::kKnown, 1, 2},
    {"reset", Verb::kLeaves},
    {"set", Verb::kKnown, 1, 2},
    {"ssubscribe", Verb::kSubscribes},
    {"strlen", Verb::kKnown, 1},
    {"subscribe", Verb::kSubscribes},
    {"sunsubscribe", Verb::kUnsubscribes},
    {"ttl", Verb::kKnown, 1},
    {"type", Verb::kKnown, 1},
    {"unsubscribe", Verb::kUnsubscribes},
});
static_assert(std::ranges::is_sorted(kCommands, {}, &Known::name));
constexpr size_t kLongestName = 12;

const Known* Find(std::string_view name) {
  if (name.size() > kLongestName) return nullptr;
  std::array<char, kLongestName> lower{};
  std::ranges::transform(name, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  const std::string_view key(lower.data(), name.size());
  const auto found = std::ranges::lower_bound(kCommands, key, {}, &Known::name);
  return found != kCommands.end() && found->name == key ? &*found : nullptr;
}

}  // namespace

Command MakeCommand(const std::array<std::string_view, kMaxArguments>& arguments, size_t count) {
  Command command;
  command.name = arguments[0];
  command.arguments = count;
  const Known* known = Find(arguments[0]);
  if (known == nullptr) return command;
  command.verb = known->verb;
  if (known->key_at > 0 && known->key_at < count) command.key = arguments[known->key_at];
  if (known->value_at > 0 && known->value_at < count) command.value = arguments[known->value_at];
  if (known->verb == Verb::kClient || known->verb == Verb::kHello) {
    if (count > 1) command.second = arguments[1];
    if (count > 2) command.third = arguments[2];
  }
  return command;
}

}  // namespace quaywatch::analyze::redis
