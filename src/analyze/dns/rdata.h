// SPDX-License-Identifier: Apache-2.0
//
// What a resource record says, in the few words that dns.log has for it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "analyze/dns/name.h"
#include "analyze/dns/types.h"

namespace quaywatch::analyze::dns {

struct RecordHead {
  std::string_view owner;
  uint16_t type = 0;
  uint16_t length = 0;  // of the rdata
  bool netbios = false;
  bool update = false;  // of a dynamic update: addresses are told with their owner
};

struct RdataOutcome {
  bool told = false;   // it is an answer: its words are in `text` (WKS has none)
  bool follow = true;  // what comes after it in the message can be read
};

// Reads the rdata at the reader's place, which has at least head.length bytes, and replaces `text`. Ends
// where the record's type says, whatever its length says, as Zeek does; a weird names the difference.
// CAA, HINFO, HTTPS, OPT, SVCB, TKEY and TSIG are passed over without words: Zeek logs none of them.
RdataOutcome ReadRdata(Reader& reader, const RecordHead& head, std::string& text, WeirdListener& weirds);

}  // namespace quaywatch::analyze::dns
