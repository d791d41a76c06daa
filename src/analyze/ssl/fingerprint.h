// SPDX-License-Identifier: Apache-2.0
//
// Fingerprints of TLS implementations, made from the parameters of their hellos:
// JA3 and JA3S (github.com/salesforce/ja3), JA4 (github.com/FoxIO-LLC/ja4, "JA4: TLS Client Fingerprinting").
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace quaywatch::analyze::ssl {

// Of the body of a client's hello: "769,47-53-5,0-10-11,23-24,0", of which JA3 is the MD5. Numbers of GREASE
// are left out.
std::string Ja3Text(base::Bytes client_hello);
std::string Ja3(base::Bytes client_hello);
// Of the body of a server's hello: "769,47,65281-0".
std::string Ja3s(base::Bytes server_hello);
// "t13d1516h2_8daaf6152771_b0da82dd1658"; `datagram`: the hello came over DTLS.
std::string Ja4(base::Bytes client_hello, bool datagram);

// Each is empty if the message is malformed.

}  // namespace quaywatch::analyze::ssl
