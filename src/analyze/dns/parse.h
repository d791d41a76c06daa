// SPDX-License-Identifier: Apache-2.0
//
// A DNS message taken apart (RFC 1035, 4). As by default in Zeek, the authority and additional sections
// are not looked at, but for the updates of a dynamic update.
#pragma once

#include "analyze/dns/name.h"
#include "analyze/dns/types.h"
#include "base/bytes.h"

namespace quaywatch::analyze::dns {

// Told of a message's parts in their order: one header, then questions, then answers, then the end. What
// can't be read is left out; after a header the end always comes. Messages with an opcode that is none of
// ours are a weird and OnUnknownOpcode, nothing else.
class MessageListener : public WeirdListener {
 public:
  virtual void OnUnknownOpcode() = 0;
  virtual void OnHeader(const Header& header) = 0;
  // Not of dynamic updates: the name there is of the zone.
  virtual void OnQuestion(const Header& header, const Question& question) = 0;
  virtual void OnAnswer(const Header& header, const Answer& answer) = 0;
  virtual void OnEnd(const Header& header) = 0;
};

enum class Verdict : uint8_t {
  kDns,      // questions and answers could be read
  kBroken,   // not all of them
  kForeign,  // this is something else
};

Verdict ParseMessage(base::Bytes message, bool netbios, MessageListener& listener);

// Nothing of these bytes is a header if they are fewer than kHeaderLength; zeros then.
Header ReadHeader(base::Bytes message, bool netbios);

// Would a client or server write this, byte for byte? Far stricter than ParseMessage.
bool LooksLikeMessage(base::Bytes message);

}  // namespace quaywatch::analyze::dns
