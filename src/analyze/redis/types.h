// SPDX-License-Identifier: Apache-2.0
//
// The Redis serialization protocol, RESP2 and RESP3 (redis.io/docs/latest/develop/reference/protocol-spec).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace quaywatch::analyze::redis {

// Of any text only this much is kept; as much as Zeek writes into one field of a log.
inline constexpr size_t kMaxShown = 4096;
// Redis' own limit of an inline command, taken for all lines of clients.
inline constexpr size_t kMaxInline = 64 * 1024;
// Lines, strings and collections beyond these are not RESP; Redis' own limits (proto-max-bulk-len).
inline constexpr size_t kMaxLine = 1024 * 1024;
inline constexpr int64_t kMaxBulk = 512 * 1024 * 1024;
inline constexpr int64_t kMaxElements = 1024 * 1024;
// Deepest nesting of collections in a reply.
inline constexpr size_t kMaxDepth = 32;
// Commands without a reply that are remembered, Zeek's Redis::max_pending_commands, and bytes of them.
inline constexpr size_t kMaxPending = 10'000;
inline constexpr size_t kMaxPendingBytes = 4 * 1024 * 1024;
// Arguments of a command that are kept: its name and what may be shown of it.
inline constexpr size_t kMaxArguments = 4;

// The first byte of a value says what it is.
enum Type : char {
  kSimpleString = '+',
  kSimpleError = '-',
  kInteger = ':',
  kBulkString = '$',
  kArray = '*',
  kNull = '_',
  kBoolean = '#',
  kDouble = ',',
  kBigNumber = '(',
  kBulkError = '!',
  kVerbatimString = '=',
  kMap = '%',
  kAttribute = '|',
  kSet = '~',
  kPush = '>',
};

// What the matching of replies and the log need to know of a command's name.
enum class Verb : uint8_t { kOther, kKnown, kClient, kHello, kLeaves, kSubscribes, kUnsubscribes };

struct Command {
  Verb verb = Verb::kOther;
  std::string name;                // as sent
  std::optional<std::string> key;  // of commands known to have one
  std::optional<std::string> value;
  size_t arguments = 0;       // the name included
  std::string second, third;  // arguments after the name, of CLIENT and HELLO only
};

struct Reply {
  std::string text;  // as shown: strings as they are, collections in brackets
  bool is_error = false;
  bool is_published = false;  // has the shape of what RESP2 sends to subscribers
  bool is_push = false;       // out of band (RESP3)
  bool is_resp3 = false;      // of a type that RESP2 does not have
};

}  // namespace quaywatch::analyze::redis
