// SPDX-License-Identifier: Apache-2.0
//
// For tests: packets written layer by layer from the outside in. Build fills in lengths and checksums.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "decode/checksum.h"
#include "model/address.h"
#include "model/packet.h"

namespace quaywatch::decode {

class PacketBuilder {
 public:
  PacketBuilder& Raw(std::string_view bytes) {
    bytes_.append(bytes);
    return *this;
  }
  PacketBuilder& U8(unsigned v) { return Raw(std::string(1, static_cast<char>(v))); }
  PacketBuilder& U16(unsigned v) { return U8(v >> 8 & 255).U8(v & 255); }
  PacketBuilder& U32(uint32_t v) { return U16(v >> 16).U16(v & 0xffff); }

  PacketBuilder& Ethernet(unsigned type) { return Raw("\x02\x01\x01\x01\x01\x02\x02\x01\x01\x01\x01\x01").U16(type); }
  PacketBuilder& Vlan(unsigned id, unsigned type) { return U16(id).U16(type); }

  struct Ip {
    const char* src = "10.0.0.1";
    const char* dst = "10.0.0.2";
    unsigned proto = 6;
    unsigned fragment = 0;  // IPv4: flags and offset as in the header
    unsigned id = 1;
    std::string options = {};
  };
  PacketBuilder& Ipv4(const Ip& ip) {
    const size_t start = bytes_.size();
    const size_t header = 20 + ip.options.size();
    U8(0x40 | header / 4).U8(0).U16(0).U16(ip.id).U16(ip.fragment).U8(64).U8(ip.proto).U16(0);
    Address(ip.src).Address(ip.dst).Raw(ip.options);
    src_ = *model::IpAddress::Parse(ip.src);
    dst_ = *model::IpAddress::Parse(ip.dst);
    fixups_.push_back([start, header](std::string& b) {
      Put16(b, start + 2, b.size() - start);
      PutSum(b, start + 10, ~FoldSum(RawSum(base::AsBytes(b).subspan(start, header))));
    });
    return *this;
  }
  // `extensions`: whole extension headers, the first one's type in `proto`.
  PacketBuilder& Ipv6(const char* src, const char* dst, unsigned proto, std::string_view extensions = {}) {
    const size_t start = bytes_.size();
    U32(0x60000000).U16(0).U8(proto).U8(64).Address(src).Address(dst).Raw(extensions);
    src_ = *model::IpAddress::Parse(src);
    dst_ = *model::IpAddress::Parse(dst);
    fixups_.push_back([start](std::string& b) { Put16(b, start + 4, b.size() - start - 40); });
    return *this;
  }
  PacketBuilder& Tcp(unsigned sport, unsigned dport, unsigned flags, uint32_t seq = 1, uint32_t ack = 0,
                     std::string_view options = {}) {
    Sum(6, bytes_.size(), 16);
    U16(sport).U16(dport).U32(seq).U32(ack).U8((20 + options.size()) / 4 << 4).U8(flags).U16(1000).U16(0).U16(0);
    return Raw(options);
  }
  PacketBuilder& Udp(unsigned sport, unsigned dport) {
    const size_t start = bytes_.size();
    Sum(17, start, 6);
    fixups_.push_back([start](std::string& b) { Put16(b, start + 4, b.size() - start); });
    return U16(sport).U16(dport).U16(0).U16(0);
  }
  PacketBuilder& Icmp(unsigned type, unsigned code, unsigned id, unsigned seq) {
    const size_t start = bytes_.size();
    fixups_.push_back(
        [start](std::string& b) { PutSum(b, start + 2, ~FoldSum(RawSum(base::AsBytes(b).subspan(start)))); });
    return U8(type).U8(code).U16(0).U16(id).U16(seq);
  }
  PacketBuilder& IcmpV6(unsigned type, unsigned code) {
    Sum(58, bytes_.size(), 2);
    return U8(type).U8(code).U16(0);
  }

  std::string Build() {
    while (!fixups_.empty()) {
      fixups_.back()(bytes_);
      fixups_.pop_back();
    }
    return bytes_;
  }

  static void Put16(std::string& b, size_t at, size_t value) {
    b[at] = static_cast<char>(value >> 8);
    b[at + 1] = static_cast<char>(value);
  }

 private:
  PacketBuilder& Address(const char* text) {
    const model::IpAddress address = *model::IpAddress::Parse(text);
    return Raw(base::AsText(address.bytes()));
  }
  // `sum` in the host's order.
  static void PutSum(std::string& b, size_t at, int sum) {
    const auto value = static_cast<uint16_t>(sum);
    std::memcpy(b.data() + at, &value, sizeof value);
  }
  void Sum(uint8_t protocol, size_t start, size_t field) {
    fixups_.push_back([=, src = src_, dst = dst_](std::string& b) {
      const base::Bytes segment = base::AsBytes(b).subspan(start);
      const uint64_t pseudo = PseudoHeaderSum(src, dst, protocol, static_cast<uint32_t>(segment.size()));
      PutSum(b, start + field, ~FoldSum(RawSum(segment, pseudo)));
    });
  }

  std::string bytes_;
  model::IpAddress src_;
  model::IpAddress dst_;
  std::vector<std::function<void(std::string&)>> fixups_;
};

}  // namespace quaywatch::decode
