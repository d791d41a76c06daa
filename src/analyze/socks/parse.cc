// SPDX-License-Identifier: Apache-2.0
#include "analyze/socks/parse.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace quaywatch::analyze::socks {
namespace {

constexpr uint8_t kVersion = 5;
// SOCKS4 limits neither user nor name; a request without its NUL after this is none.
constexpr size_t kMaxText4 = 512;

constexpr std::unexpected<Unread> kMore(Unread::kMore);
constexpr std::unexpected<Unread> kInvalid(Unread::kInvalid);

bool IsOther(base::Bytes bytes, uint8_t version) { return !bytes.empty() && bytes.front() != version; }

enum AddressType : uint8_t { kV4 = 1, kName = 3, kV6 = 4 };

// REQUIRES: it is one of the types above.
Endpoint TakeEndpoint(base::Cursor& in, uint8_t type) {
  Endpoint endpoint;
  if (type == kName) {
    endpoint.address.name = std::string(base::AsText(in.Take(in.U8())));
  } else {
    const base::Bytes host = in.Take(type == kV4 ? 4 : 16);
    if (in.ok())
      endpoint.address.host = type == kV4 ? model::IpAddress::V4(host.data()) : model::IpAddress::V6(host.data());
  }
  endpoint.port = in.U16();
  return endpoint;
}

bool IsKnown(uint8_t type) { return type == kV4 || type == kName || type == kV6; }

// A message of one byte after the version.
Parsed<uint8_t> TakePair(base::Bytes& bytes, uint8_t version) {
  if (IsOther(bytes, version)) return kInvalid;
  if (bytes.size() < 2) return kMore;
  const uint8_t value = bytes[1];
  bytes = bytes.subspan(2);
  return value;
}

// Moves `bytes` behind a text that ends with NUL.
Parsed<bool> SkipText(base::Bytes& bytes) {
  const auto end = std::ranges::find(bytes, uint8_t{0});
  if (static_cast<size_t>(end - bytes.begin()) > kMaxText4) return kInvalid;
  if (end == bytes.end()) return kMore;
  bytes = bytes.subspan(static_cast<size_t>(end - bytes.begin()) + 1);
  return true;
}

}  // namespace

Parsed<uint8_t> TakeGreeting(base::Bytes& bytes) {
  if (IsOther(bytes, kVersion)) return kInvalid;
  base::Cursor in(bytes);
  in.U8();
  const uint8_t methods = in.U8();
  in.Skip(methods);
  if (!in.ok()) return kMore;
  bytes = in.rest();
  return methods;
}

Parsed<uint8_t> TakeMethod(base::Bytes& bytes) { return TakePair(bytes, kVersion); }

Parsed<uint8_t> TakeLoginReply(base::Bytes& bytes) { return TakePair(bytes, 1); }

Parsed<std::string> TakeLogin(base::Bytes& bytes) {
  base::Cursor in(bytes);
  in.U8();
  const base::Bytes user = in.Take(in.U8());
  in.Skip(in.U8());
  if (!in.ok()) return kMore;
  bytes = in.rest();
  return std::string(base::AsText(user));
}

Parsed<Endpoint> TakeRequest(base::Bytes& bytes) {
  if (IsOther(bytes, kVersion)) return kInvalid;
  base::Cursor in(bytes);
  in.U8();
  const uint8_t command = in.U8();
  const uint8_t reserved = in.U8();
  const uint8_t type = in.U8();
  if (!in.ok()) return kMore;
  if (command == 0 || command > 3 || reserved != 0 || !IsKnown(type)) return kInvalid;
  Endpoint endpoint = TakeEndpoint(in, type);
  if (!in.ok()) return kMore;
  bytes = in.rest();
  return endpoint;
}

Parsed<Reply> TakeReply(base::Bytes& bytes) {
  if (IsOther(bytes, kVersion)) return kInvalid;
  base::Cursor in(bytes);
  in.U8();
  Reply reply{.status = in.U8(), .bound = {}};
  in.U8();
  const uint8_t type = in.U8();
  if (!in.ok()) return kMore;
  if (!IsKnown(type)) return kInvalid;
  reply.bound = TakeEndpoint(in, type);
  if (!in.ok()) return kMore;
  bytes = in.rest();
  return reply;
}

Parsed<bool> TakeRequest4(base::Bytes& bytes) {
  base::Cursor in(bytes);
  in.Skip(4);  // version, command and port
  const uint32_t address = in.U32();
  if (!in.ok()) return kMore;
  base::Bytes rest = in.rest();
  if (const auto user = SkipText(rest); !user) return user;
  // An address that can't be stands for a name (4A).
  if (address <= 0xff) {
    if (const auto name = SkipText(rest); !name) return name;
  }
  bytes = rest;
  return true;
}

std::string StatusText(uint8_t status) {
  static constexpr auto kTexts = std::to_array<std::string_view>({
      "succeeded",
      "general SOCKS server failure",
      "connection not allowed by ruleset",
      "Network unreachable",
      "Host unreachable",
      "Connection refused",
      "TTL expired",
      "Command not supported",
      "Address type not supported",
  });
  return status < kTexts.size() ? std::string(kTexts[status]) : "unknown-" + std::to_string(status);
}

}  // namespace quaywatch::analyze::socks
