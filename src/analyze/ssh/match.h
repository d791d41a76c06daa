// SPDX-License-Identifier: Apache-2.0
//
// What two lists of preferences lead to (RFC 4253, 7.1).
#pragma once

#include <string>
#include <string_view>

#include "analyze/ssh/types.h"

namespace quaywatch::analyze::ssh {

inline constexpr std::string_view kNegotiationFailed = "Algorithm negotiation failed";

// The first of the client's names that the server has too; kNegotiationFailed if there is none.
std::string Choose(std::string_view client, std::string_view server);
// Of both directions: one name where they agree, else "To server: a, to client: b".
std::string ChooseBoth(const Preferences& client, const Preferences& server);

// What HASSH (github.com/salesforce/hassh) is made of: a client's lists, and a server's.
std::string HasshInput(const KexInit& client);
std::string HasshServerInput(const KexInit& server);
// Its MD5 in hex; empty for nothing.
std::string Hassh(std::string_view input);

// "SHA256:" and the first 24 bytes of the digest in base 64, as ssh.log has it; `ssh-keygen -l` shows
// all 32 bytes.
std::string Fingerprint(std::string_view key);

}  // namespace quaywatch::analyze::ssh
