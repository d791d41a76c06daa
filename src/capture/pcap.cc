// SPDX-License-Identifier: Apache-2.0
//
// The pcap format (draft-ietf-opsawg-pcap) and its relatives: nanoseconds, and the "modified" one of
// Alexey Kuznetzov's patched libpcap, whose record headers are 8 bytes longer.
#include <algorithm>
#include <bit>

#include "capture/format.h"
#include "capture/link_type.h"

namespace quaywatch::capture {
namespace {

constexpr uint32_t kMagicMicros = 0xa1b2c3d4;
constexpr uint32_t kMagicNanos = 0xa1b23c4d;
constexpr uint32_t kMagicModified = 0xa1b2cd34;
constexpr size_t kFileHeader = 24;
constexpr size_t kRecordHeader = 16;
constexpr size_t kModifiedRecordHeader = 24;

bool IsMagic(uint32_t magic) { return magic == kMagicMicros || magic == kMagicNanos || magic == kMagicModified; }

// Files before version 2.3 had the captured and the wire length the other way round; 2.3 had both.
enum class Lengths : uint8_t { kStraight, kSwapped, kPerhapsSwapped };

class Pcap final : public Format {
 public:
  Pcap(Window& window, base::Bytes header) : Format(window) {
    const uint32_t magic = base::LoadLittle<uint32_t>(header.data());
    big_ = !IsMagic(magic);
    const uint32_t native = big_ ? std::byteswap(magic) : magic;
    nanos_per_unit_ = native == kMagicNanos ? 1 : 1000;
    record_header_ = native == kMagicModified ? kModifiedRecordHeader : kRecordHeader;
    const uint32_t version = U32(header.data() + 4);
    const uint16_t major = static_cast<uint16_t>(big_ ? version >> 16 : version);
    const uint16_t minor = static_cast<uint16_t>(big_ ? version : version >> 16);
    if (major == 2 && minor <= 3) lengths_ = minor == 3 ? Lengths::kPerhapsSwapped : Lengths::kSwapped;
    const uint32_t snap_length = U32(header.data() + 16);
    if (snap_length != 0) snap_length_ = snap_length;
    max_packet_ = std::clamp(snap_length, kUsualPacketBytes, kMaxPacketBytes);
    // The upper bits tell of a frame check sequence, which nobody needs.
    link_type_ = U32(header.data() + 20) & 0x03ffffff;
    window_.Skip(kFileHeader);
  }

  uint32_t link_type() const { return link_type_; }
  model::LinkType first_link() const override { return static_cast<model::LinkType>(link_type_); }

  Next Read(model::RawPacket& packet) override {
    const base::Bytes header = window_.Peek(record_header_);
    if (header.size() < record_header_) [[unlikely]] {
      if (header.empty() && window_.input().error().empty()) return Next::kEnd;
      return CutShort("its record header", window_.offset(), record_header_, header.size());
    }
    uint32_t captured = U32(header.data() + 8);
    uint32_t wire = U32(header.data() + 12);
    if (lengths_ != Lengths::kStraight) [[unlikely]] {
      if (lengths_ == Lengths::kSwapped || captured > wire) std::swap(captured, wire);
    }
    if (captured > max_packet_) [[unlikely]] {
      return TooLong(window_.offset(), captured, max_packet_);
    }
    const size_t size = record_header_ + captured;
    const base::Bytes record = window_.Peek(size);
    if (record.size() < size) [[unlikely]] {
      return CutShort("its record", window_.offset(), size, record.size());
    }
    // Signed, as in libpcap: files with times before 1970 exist.
    const auto seconds = static_cast<int32_t>(U32(record.data()));
    const auto fraction = static_cast<int32_t>(U32(record.data() + 4));
    packet.ts = base::FromUnixNanos(int64_t{seconds} * 1'000'000'000 + int64_t{fraction} * nanos_per_unit_);
    // As libpcap: what is beyond the file's own limit does not count.
    packet.data = record.subspan(record_header_, std::min(captured, snap_length_));
    packet.wire_length = WireLength(wire, captured);
    packet.link = static_cast<model::LinkType>(link_type_);
    packet.interface = 0;
    packet.number = ++packets_;
    window_.Skip(size);
    return Next::kPacket;
  }

 private:
  uint32_t U32(const uint8_t* at) const { return big_ ? base::LoadBig<uint32_t>(at) : base::LoadLittle<uint32_t>(at); }

  bool big_ = false;
  Lengths lengths_ = Lengths::kStraight;
  int32_t nanos_per_unit_ = 1000;
  size_t record_header_ = kRecordHeader;
  uint32_t max_packet_ = kUsualPacketBytes;
  uint32_t snap_length_ = kMaxPacketBytes;
  uint32_t link_type_ = 0;
};

}  // namespace

bool IsPcap(base::Bytes begin) {
  if (begin.size() < 4) return false;
  const uint32_t magic = base::LoadLittle<uint32_t>(begin.data());
  return IsMagic(magic) || IsMagic(std::byteswap(magic));
}

base::Result<std::unique_ptr<Format>> OpenPcap(Window& window) {
  const std::string& name = window.input().name();
  const base::Bytes header = window.Peek(kFileHeader);
  if (header.size() < kFileHeader) {
    return base::Fail(name + " is cut short within its pcap file header; capture it again");
  }
  auto pcap = std::make_unique<Pcap>(window, header);
  if (!IsSupportedLink(pcap->link_type())) return base::Fail(UnsupportedLink(name, pcap->link_type()));
  return pcap;
}

}  // namespace quaywatch::capture
