// SPDX-License-Identifier: Apache-2.0
//
// For tests: the bytes of capture files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace quaywatch::capture {

class FileBuilder {
 public:
  explicit FileBuilder(bool big_endian = false) : big_(big_endian) {}

  FileBuilder& U8(uint8_t value) { return Number(value, 1); }
  FileBuilder& U16(uint16_t value) { return Number(value, 2); }
  FileBuilder& U32(uint32_t value) { return Number(value, 4); }
  FileBuilder& U64(uint64_t value) { return Number(value, 8); }
  FileBuilder& Text(std::string_view text) {
    bytes_ += text;
    return *this;
  }

  // The 24 bytes at the front of a pcap file, and a packet's record.
  FileBuilder& PcapHeader(uint32_t magic, uint32_t link, uint32_t snap_length = 65535, uint16_t minor = 4) {
    return U32(magic).U16(2).U16(minor).U32(0).U32(0).U32(snap_length).U32(link);
  }
  FileBuilder& PcapRecord(uint32_t seconds, uint32_t fraction, std::string_view data, uint32_t wire_length) {
    return U32(seconds).U32(fraction).U32(static_cast<uint32_t>(data.size())).U32(wire_length).Text(data);
  }

  // Any pcapng block around its body, which is padded to 32 bits.
  FileBuilder& Block(uint32_t type, std::string_view body) {
    const size_t padding = (4 - body.size() % 4) % 4;
    const auto size = static_cast<uint32_t>(12 + body.size() + padding);
    return U32(type).U32(size).Text(body).Text(std::string(padding, '\0')).U32(size);
  }
  FileBuilder& Section() {
    return Block(0x0a0d0d0a, FileBuilder(big_).U32(0x1a2b3c4d).U16(1).U16(0).U64(~uint64_t{0}).bytes());
  }
  // `options`: already laid out.
  FileBuilder& Interface(uint16_t link, uint32_t snap_length = 0, std::string_view options = {}) {
    return Block(1, FileBuilder(big_).U16(link).U16(0).U32(snap_length).Text(options).bytes());
  }
  FileBuilder& Option(uint16_t code, std::string_view value) {
    return U16(code)
        .U16(static_cast<uint16_t>(value.size()))
        .Text(value)
        .Text(std::string((4 - value.size() % 4) % 4, '\0'));
  }
  FileBuilder& Enhanced(uint32_t interface, uint64_t time, std::string_view data, uint32_t wire_length) {
    FileBuilder body(big_);
    body.U32(interface).U32(static_cast<uint32_t>(time >> 32)).U32(static_cast<uint32_t>(time));
    body.U32(static_cast<uint32_t>(data.size())).U32(wire_length).Text(data);
    return Block(6, body.bytes());
  }

  const std::string& bytes() const { return bytes_; }

 private:
  FileBuilder& Number(uint64_t value, int size) {
    for (int i = 0; i < size; ++i) {
      bytes_ += static_cast<char>(value >> 8 * (big_ ? size - 1 - i : i));
    }
    return *this;
  }

  bool big_;
  std::string bytes_;
};

}  // namespace quaywatch::capture
