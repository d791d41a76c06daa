// SPDX-License-Identifier: Apache-2.0
//
// SSH as far as it can be read by a bystander (RFC 4253; SSH 1.5 before the session key): banners, the
// lists of algorithms, the host key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace quaywatch::analyze::ssh {

// What a banner offers. 1.99 means a server that speaks both (RFC 4253, 5.1).
enum class Version : uint8_t { kUnknown, kSsh1, kSsh199, kSsh2 };

// A banner line longer than this is not SSH; RFC 4253 allows 255.
inline constexpr size_t kMaxBanner = 4096;
// Longest message kept for parsing, OpenSSH's own maximum; longer ones are skipped.
inline constexpr size_t kMaxMessage = 256 * 1024;
// A message or string announced longer than this is a weird and counts as this long; Zeek's
// SSH::max_packet_length and max_string_length.
inline constexpr uint32_t kMaxPacketLength = 8 * 1024 * 1024;
inline constexpr uint32_t kMaxStringLength = 2 * 1024 * 1024;
// Most names of a list that are looked at.
inline constexpr size_t kMaxAlgorithms = 1000;

enum MessageType : uint8_t {
  kSsh1PublicKey = 2,
  kSsh1SessionKey = 3,
  kNewKeys = 21,
};

// What a message of a key exchange holds, as far as it is read.
struct KexMessage {
  uint8_t strings = 0;    // how many it begins with, after...
  uint8_t numbers = 0;    // ...so many of 32 bits
  bool host_key = false;  // the first string is the server's host key
  bool known = true;      // false: not a message of this exchange
};

// How the messages after the lists are to be read.
enum class KexFamily : uint8_t { kUnknown, kDh, kDhGex, kEcc, kGss, kRsa };

// Both directions of a preference.
struct Preferences {
  std::string_view to_server;
  std::string_view to_client;
};

// SSH_MSG_KEXINIT (RFC 4253, 7.1): lists of names separated by commas, as sent. Views into the message.
struct KexInit {
  std::string_view kex;
  std::string_view host_key;
  Preferences encryption;
  Preferences mac;
  Preferences compression;
  Preferences languages;
};

}  // namespace quaywatch::analyze::ssh
