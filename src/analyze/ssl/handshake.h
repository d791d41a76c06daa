// SPDX-License-Identifier: Apache-2.0
//
// Bodies of handshake messages (RFC 8446, 4; RFC 5246, 7.4; RFC 6347, 4.2). All views point into the
// message. Lengths that contradict each other are an error, as an implementation of TLS would see it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyze/ssl/types.h"
#include "base/bytes.h"

namespace quaywatch::analyze::ssl {

// Of either side; what only one of them says is empty for the other.
struct Hello {
  uint16_t version = 0;  // the one in the message's fixed part
  base::Bytes random;
  base::Bytes session_id;
  base::Bytes ciphers;     // client: two bytes each
  uint16_t cipher = 0;     // server
  base::Bytes extensions;  // without their length; may be cut off or followed by nonsense
  bool extensions_ok = true;
};

std::optional<Hello> ParseClientHello(base::Bytes body);
std::optional<Hello> ParseServerHello(base::Bytes body);

struct Extension {
  uint16_t type = 0;
  base::Bytes data;
};

// The next extension; nothing at the end, and nothing with the cursor no longer ok() if it is cut off.
std::optional<Extension> NextExtension(base::Cursor& extensions);

// Extension server_name (RFC 6066, 3).
struct ServerNames {
  uint32_t count = 0;  // of host names
  std::string_view first;
  std::string all;                      // "[a, b]", only where there are several, the first 10
  std::optional<uint8_t> unknown_type;  // of a name that is none of a host
};
std::optional<ServerNames> ParseServerNames(base::Bytes data);

// Extension application_layer_protocol_negotiation (RFC 7301): the first protocol, which is a server's
// choice; empty if there is none. Nothing if it is malformed.
std::optional<std::string_view> ParseAlpn(base::Bytes data);

// A server's extensions supported_versions and key_share (of a HelloRetryRequest as well).
std::optional<uint16_t> ParseSelectedVersion(base::Bytes data);
std::optional<uint16_t> ParseSelectedGroup(base::Bytes data);

// Are lists of an extension as long as they say? True for extensions whose content is not looked at.
bool IsWellFormed(HandshakeType message, const Extension& extension);

// ServerKeyExchange of an (EC)DHE suite over elliptic curves (RFC 8422, 5.4): the curve; 0 if it is not
// one of the named ones. `with_signature`: not for anonymous suites; `with_algorithm`: from TLS 1.2 on.
std::optional<uint16_t> ParseCurve(base::Bytes body, bool with_signature, bool with_algorithm);

// Message Certificate up to TLS 1.2: certificates in the order sent, at most `limit`.
std::optional<std::vector<base::Bytes>> ParseCertificates(base::Bytes body, size_t limit);

}  // namespace quaywatch::analyze::ssl
