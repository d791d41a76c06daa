// SPDX-License-Identifier: Apache-2.0
#include "analyze/dhcp/parse.h"

#include <array>

namespace quaywatch::analyze::dhcp {
namespace {

constexpr size_t kCookieAt = 236;
constexpr uint32_t kCookie = 0x63825363;
constexpr uint8_t kEthernet = 1;

enum Option : uint8_t {
  kPad = 0,
  kHostName = 12,
  kDomainName = 15,
  kRequestedAddress = 50,
  kLeaseTime = 51,
  kMessageType = 53,
  kMessageText = 56,
  kClientId = 61,
  kClientFqdn = 81,
  kEnd = 255,
};

constexpr auto kTypeNames = std::to_array<std::string_view>(
    {"", "DISCOVER", "OFFER", "REQUEST", "DECLINE", "ACK", "NAK", "RELEASE", "INFORM", "FORCERENEW", "LEASEQUERY",
     "LEASEUNASSIGNED", "LEASEUNKNOWN", "LEASEACTIVE", "BULKLEASEQUERY", "LEASEQUERYDONE", "ACTIVELEASEQUERY",
     "LEASEQUERYSTATUS", "TLS"});

// "00:0b:82:01:fc:42", eight groups if more than six bytes are used; empty if it is no such address.
std::string HardwareAddress(base::Bytes bytes) {
  constexpr size_t kShort = 6;
  constexpr size_t kLong = 8;
  std::string text;
  if (bytes.size() < kLong && bytes.size() != kShort) return text;
  const bool is_long = bytes.size() != kShort && (bytes[6] != 0 || bytes[7] != 0);
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const uint8_t byte : bytes.first(is_long ? kLong : kShort)) {
    if (!text.empty()) text += ':';
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

model::IpAddress Address(base::Bytes bytes) {
  return bytes.size() == 4 ? model::IpAddress::V4(bytes.data()) : model::IpAddress();
}

// Options whose values Zeek takes to have the length they should have, whatever is announced.
size_t ValueLength(uint8_t code, uint8_t announced) {
  switch (code) {
    case 19:   // forwarding
    case 53:   // message type
    case 116:  // auto-configuration
      return 1;
    case 57:  // message size
      return 2;
    case 1:   // subnet
    case 2:   // time offset
    case 28:  // broadcast address
    case 50:  // requested address
    case 51:  // lease time
    case 54:  // server
    case 58:  // renewal
    case 59:  // rebinding
      return 4;
    case 3:   // routers
    case 4:   // time servers
    case 5:   // name servers
    case 6:   // DNS
    case 42:  // NTP
    case 44:  // NetBIOS name servers
      return announced / 4 * 4;
    default:
      return announced;
  }
}

void ReadOption(uint8_t code, base::Bytes value, Message& message) {
  switch (code) {
    case kHostName:
      message.host_name = base::AsText(value);
      break;
    case kDomainName: {
      std::string_view name = base::AsText(value);
      const size_t last = name.find_last_not_of('\0');
      // A single character is a filler, as in Zeek.
      message.domain_name = name.substr(0, last == std::string_view::npos || last == 0 ? 0 : last + 1);
      break;
    }
    case kRequestedAddress:
      message.requested = Address(value);
      break;
    case kLeaseTime:
      message.lease = base::LoadBig<uint32_t>(value.data());
      break;
    case kMessageType:
      if (message.type == 0) message.type = value[0];
      break;
    case kMessageText:
      message.message = base::AsText(value);
      break;
    case kClientId:
      message.ethernet_client_id.reset();
      if (value[0] == kEthernet) message.ethernet_client_id = HardwareAddress(value.subspan(1));
      break;
    case kClientFqdn:
      message.client_fqdn = base::AsText(value.subspan(3));  // flags and two unused bytes
      break;
    default:
      break;
  }
}

size_t MinLength(uint8_t code) { return code == kClientId ? 1 : code == kClientFqdn ? 3 : 0; }

bool ReadOptions(base::Cursor& cursor, Message& message) {
  for (;;) {
    const uint8_t code = cursor.U8();
    if (!cursor.ok()) return false;
    if (code == kEnd) return true;
    if (code == kPad) continue;
    const base::Bytes value = cursor.Take(ValueLength(code, cursor.U8()));
    if (!cursor.ok() || value.size() < MinLength(code)) return false;
    ReadOption(code, value, message);
  }
}

}  // namespace

bool LooksLikeMessage(base::Bytes datagram) {
  if (datagram.size() <= kCookieAt + sizeof kCookie || (datagram[0] != 1 && datagram[0] != 2)) return false;
  return base::LoadBig<uint32_t>(datagram.data() + kCookieAt) == kCookie;
}

std::optional<Message> Parse(base::Bytes datagram) {
  base::Cursor cursor(datagram);
  Message message;
  cursor.Skip(4);  // direction, hardware type and length, hops
  message.transaction = cursor.U32();
  cursor.Skip(8);  // seconds, flags, the client's own address
  message.assigned = Address(cursor.Take(4));
  cursor.Skip(8);  // next server, relay
  message.hardware_address = HardwareAddress(cursor.Take(16));
  cursor.Skip(64 + 128);  // names of server and boot file
  if (cursor.U32() != kCookie || !ReadOptions(cursor, message)) return std::nullopt;
  return message;
}

std::string TypeName(uint8_t type) {
  if (type == 0 || type >= kTypeNames.size()) return "unknown-message-type-" + std::to_string(type);
  return std::string(kTypeNames[type]);
}

}  // namespace quaywatch::analyze::dhcp
