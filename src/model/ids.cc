// SPDX-License-Identifier: Apache-2.0
#include "model/ids.h"

namespace quaywatch::model {

Uid Uid::Make(char kind, const base::Hash128& hash) {
  static constexpr char kDigits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  Uid uid;
  uid.text_[0] = kind;
  uint64_t words[2] = {hash.low, hash.high};
  for (size_t i = 1; i < kLength; ++i) {
    uint64_t& word = words[i > 9];
    uid.text_[i] = kDigits[word % 62];
    word /= 62;
  }
  return uid;
}

std::string_view TransportName(Transport transport) {
  switch (transport) {
    case Transport::kTcp:
      return "tcp";
    case Transport::kUdp:
      return "udp";
    case Transport::kIcmp:
      return "icmp";
    case Transport::kUnknown:
      break;
  }
  return "unknown_transport";
}

}  // namespace quaywatch::model
