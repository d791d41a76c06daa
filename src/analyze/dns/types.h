// SPDX-License-Identifier: Apache-2.0
//
// What a DNS message says (RFC 1035, 4), and what the same layout means in dynamic updates (RFC 2136) and
// the NetBIOS name service (RFC 1002, 4.2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace quaywatch::analyze::dns {

inline constexpr size_t kHeaderLength = 12;
inline constexpr uint16_t kNetbiosPort = 137;
// More questions than any client asks: what has them on port 53 is something else (Zeek's dns_max_queries).
inline constexpr uint16_t kMaxQuestions = 25;

enum Opcode : uint8_t { kQuery = 0, kNotify = 4, kDynamicUpdate = 5 };

enum class Type : uint16_t {
  kA = 1,
  kNs = 2,
  kCname = 5,
  kSoa = 6,
  kWks = 11,
  kPtr = 12,
  kHinfo = 13,
  kMx = 15,
  kTxt = 16,
  kAaaa = 28,
  kLoc = 29,
  kNbs = 32,
  kSrv = 33,
  kNaptr = 35,
  kA6 = 38,
  kOpt = 41,
  kDs = 43,
  kSshfp = 44,
  kRrsig = 46,
  kNsec = 47,
  kDnskey = 48,
  kNsec3 = 50,
  kNsec3param = 51,
  kSvcb = 64,
  kHttps = 65,
  kSpf = 99,
  kTkey = 249,
  kTsig = 250,
  kAny = 255,
  kCaa = 257,
  kBinds = 65534,
};

enum Class : uint16_t { kClassNone = 254, kClassAny = 255 };

struct Header {
  uint16_t id = 0;
  uint8_t opcode = 0;
  uint8_t rcode = 0;
  bool response = false;
  bool authoritative = false;
  bool truncated = false;
  bool recursion_desired = false;
  bool recursion_available = false;
  uint8_t z = 0;  // the three bits of RFC 1035, AD and CD among them
  uint16_t questions = 0;
  uint16_t answers = 0;      // prerequisites of a dynamic update
  uint16_t authorities = 0;  // its updates
  uint16_t additionals = 0;
  bool netbios = false;  // of the flow, not of the message

  bool is_update() const { return opcode == kDynamicUpdate && !netbios; }
};

// Views are valid during the call that hands them over.
struct Question {
  std::string_view name;  // lower case, without the last dot; empty for the root
  uint16_t type = 0;
  uint16_t klass = 0;
};

struct Answer {
  std::string_view name;  // as in Question
  uint16_t type = 0;
  uint32_t ttl = 0;  // seconds
  // The record in a few words, as in dns.log; empty if it is only counted as seen.
  std::string_view text;
};

}  // namespace quaywatch::analyze::dns
