// SPDX-License-Identifier: Apache-2.0
//
// Words for the numbers of TLS, from IANA's registries and as Zeek spells them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace quaywatch::analyze::ssl {

// Empty where the number has no name.
std::string_view VersionName(uint16_t number);
std::string_view CipherName(uint32_t number);
std::string_view CurveName(uint16_t number);
std::string_view AlertName(uint16_t number);

// "TLSv13", "TLSv13-draft18"; like the next ones "unknown-<number>" where there is no name.
std::string VersionText(uint16_t number);
std::string CipherText(uint32_t number);
std::string CurveText(uint16_t number);
std::string AlertText(uint16_t number);

// Reserved so that implementations stay tolerant (RFC 8701): 0x0a0a, 0x1a1a ... 0xfafa.
inline bool IsGrease(uint16_t number) { return (number & 0x0f0f) == 0x0a0a && number >> 8 == (number & 0xff); }

}  // namespace quaywatch::analyze::ssl
