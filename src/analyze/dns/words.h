// SPDX-License-Identifier: Apache-2.0
//
// Words for numbers, those of Zeek's dns.log (IANA's DNS parameters).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace quaywatch::analyze::dns {

// "AAAA"; "query-4711" if the type has no name.
std::string TypeName(uint16_t type);
// Empty if the type has no name.
std::string_view KnownTypeName(uint16_t type);
// "C_INTERNET"; "qclass-7".
std::string ClassName(uint16_t klass);
// "NXDOMAIN". REQUIRES: rcode < 16, as a header holds it.
std::string_view RcodeName(uint8_t rcode);
// "query", "netbios-registration". REQUIRES: opcode < 16.
std::string_view OpcodeName(uint8_t opcode, bool netbios);

}  // namespace quaywatch::analyze::dns
