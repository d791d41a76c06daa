// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "analyze/ssh/types.h"
#include "base/bytes.h"

namespace quaywatch::analyze::ssh {

Version BannerVersion(std::string_view banner);
// What two banners agree on: kSsh1, kSsh2, or kUnknown where they can't talk (or one was not seen).
Version Agree(Version client, Version server);
// The same as ssh.log has it: the major version, 0 where they can't talk, nothing where either banner is none.
std::optional<uint32_t> LoggedVersion(std::string_view client, std::string_view server);

// Bytes a message takes on the wire from its length field on, the length field included.
uint64_t MessageSize(Version version, uint32_t packet_length);

// A string (RFC 4251, 5): nothing if it is longer than what is left. `too_long` is set to an announced
// length above kMaxStringLength.
std::optional<base::Bytes> TakeString(base::Cursor& in, uint32_t& too_long);

// The payload of SSH_MSG_KEXINIT after the message number; nothing if malformed.
std::optional<KexInit> ParseKexInit(base::Bytes payload, uint32_t& too_long);

// Names between the commas, kMaxAlgorithms at most; an empty list holds one empty name. `total` counts all.
std::vector<std::string_view> SplitNames(std::string_view list, size_t& total);

KexFamily FamilyOf(std::string_view kex);

// By its number, which means different things to different exchanges (RFC 4253, 8; 4419; 4432; 4462; 5656).
KexMessage MessageOf(KexFamily family, uint8_t type);

}  // namespace quaywatch::analyze::ssh
