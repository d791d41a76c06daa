// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "analyze/ssh/types.h"

namespace quaywatch::analyze::ssh {

// Cuts one side's clear text into lines and messages, whatever pieces it comes in. Keeps at most
// kMaxMessage bytes of an unfinished one.
class Reader {
 public:
  enum class Outcome { kMore, kItem, kSkipped, kTooLong };

  // Both take from the front of `in`. kItem: `item` is whole and valid until the next call; kMore: all
  // of `in` was used up.

  // A line without its end (CR, LF or both); kTooLong beyond kMaxBanner.
  Outcome TakeLine(base::Bytes& in, std::string_view& item);
  // Takes the LF of a line that ended with CR; to be called before asking whether anything is left.
  void FinishLine(base::Bytes& in);
  // A message from its length field on. kSkipped: one too long to be kept has gone by. An announced length
  // above kMaxPacketLength is put in `too_long` once.
  Outcome TakeMessage(Version version, base::Bytes& in, base::Bytes& item, uint32_t& too_long);

 private:
  void Forget();

  std::string kept_;       // the beginning of an unfinished item
  bool given_ = false;     // kept_ was handed out and is to be forgotten
  bool after_cr_ = false;  // a line ended with CR; an LF may follow
  uint64_t skipping_ = 0;  // bytes left of a message that is not kept
};

}  // namespace quaywatch::analyze::ssh
