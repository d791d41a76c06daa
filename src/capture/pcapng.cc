// SPDX-License-Identifier: Apache-2.0
//
// The pcapng format (draft-ietf-opsawg-pcapng): sections of blocks, each section in its own byte order
// and with its own interfaces.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <optional>
#include <vector>

#include "capture/format.h"
#include "capture/link_type.h"

namespace quaywatch::capture {
namespace {

constexpr uint32_t kSectionHeader = 0x0a0d0d0a;  // reads the same in both byte orders
constexpr uint32_t kInterfaceDescription = 1;
constexpr uint32_t kObsoletePacket = 2;
constexpr uint32_t kSimplePacket = 3;
constexpr uint32_t kEnhancedPacket = 6;
constexpr uint32_t kByteOrderMagic = 0x1a2b3c4d;

constexpr uint16_t kOptionEnd = 0;
constexpr uint16_t kOptionTimeResolution = 9;
constexpr uint16_t kOptionTimeOffset = 14;

constexpr size_t kBlockHeader = 8;
constexpr size_t kBlockTrailer = 4;
constexpr size_t kSmallestBlock = kBlockHeader + kBlockTrailer;
constexpr size_t kEnhancedFixed = 20;
constexpr size_t kSimpleFixed = 4;
constexpr size_t kInterfaceFixed = 8;
constexpr size_t kSectionFixed = 16;
// Of blocks that are read whole: the largest packet and 64 KiB of options.
constexpr uint32_t kMaxBlock = kMaxPacketBytes + (64u << 10);
// Interfaces of one section; more are damage. (Real files have a few.)
constexpr size_t kMaxInterfaces = 65536;

// What an interface's timestamps count.
class Clock {
 public:
  Clock() { SetResolution(6); }

  // The if_tsresol byte: a negative power of ten or, with the high bit, of two.
  void SetResolution(uint8_t resolution) {
    const int exponent = resolution & 0x7f;
    binary_shift_ = 0;
    multiplier_ = divisor_ = 1;
    if (resolution & 0x80) {
      binary_shift_ = exponent;
      multiplier_ = 1'000'000'000;
    } else {
      for (int i = exponent; i < 9; ++i) multiplier_ *= 10;
      // 10^19 is above what 64 bits of a finer unit can reach, so that the result is 0 either way.
      for (int i = 9; i < std::min(exponent, 9 + 19); ++i) divisor_ *= 10;
    }
    direct_limit_ = binary_shift_ == 0 && divisor_ == 1 ? kLatest / multiplier_ : 0;
  }
  void SetOffset(int64_t seconds) {
    const int64_t most = kLatest / 1'000'000'000;
    offset_ = std::clamp(seconds, -most, most) * 1'000'000'000;
    // Late times with an offset take the slow way, which does not overflow.
    if (offset_ != 0) direct_limit_ = 0;
  }

  base::Timestamp At(uint32_t high, uint32_t low) const {
    const uint64_t units = uint64_t{high} << 32 | low;
    if (units < direct_limit_) return base::FromUnixNanos(static_cast<int64_t>(units * multiplier_));
    __extension__ using Wide = __int128;
    const Wide scaled = Wide{units} * multiplier_;
    const Wide nanos = (binary_shift_ > 0 ? scaled >> binary_shift_ : scaled / divisor_) + offset_;
    return base::FromUnixNanos(static_cast<int64_t>(std::clamp<Wide>(nanos, -Wide{kLatest}, kLatest)));
  }

 private:
  // The year 2116. Broken files claim later times, and adding a timeout to them must not overflow.
  static constexpr int64_t kLatest = int64_t{1} << 62;

  uint64_t multiplier_ = 1;
  uint64_t divisor_ = 1;
  int binary_shift_ = 0;
  int64_t offset_ = 0;
  uint64_t direct_limit_ = 0;  // below this a multiplication is all
};

struct Interface {
  uint32_t link_type = 0;
  uint32_t snap_length = 0;  // 0 if not limited
  uint32_t max_packet = kUsualPacketBytes;
  bool supported = false;
  Clock clock;
};

class Pcapng final : public Format {
 public:
  explicit Pcapng(Window& window) : Format(window) {}

  // Reads to the first packet, which the first Read will return.
  void Begin() {
    model::RawPacket packet;
    held_result_ = NextPacket(packet);
    held_ = packet;
  }
  // The link type that keeps the file from being read, if it only has such interfaces.
  std::optional<uint32_t> unusable_link() const { return first_supported_ ? std::nullopt : first_unsupported_; }
  model::LinkType first_link() const override {
    return static_cast<model::LinkType>(first_supported_.value_or(static_cast<uint32_t>(model::LinkType::kEthernet)));
  }

  Next Read(model::RawPacket& packet) override {
    if (held_) [[unlikely]] {
      packet = *held_;
      held_.reset();
      return held_result_;
    }
    return NextPacket(packet);
  }

 private:
  enum class Step : uint8_t { kPacket, kNothing, kDamaged };

  Next NextPacket(model::RawPacket& packet) {
    for (;;) {
      const base::Bytes header = window_.Peek(kBlockHeader);
      if (header.empty() && window_.input().error().empty()) return Next::kEnd;
      if (header.size() < kBlockHeader) {
        return CutShort("a block header", window_.offset(), kBlockHeader, header.size());
      }
      const uint32_t type = U32(header.data());
      switch (type == kEnhancedPacket ? EnhancedBlock(packet) : OtherBlock(type, packet)) {
        case Step::kPacket:
          return Next::kPacket;
        case Step::kDamaged:
          return Next::kDamaged;
        case Step::kNothing:
          break;
      }
    }
  }

  Step OtherBlock(uint32_t type, model::RawPacket& packet) {
    switch (type) {
      case kSectionHeader:
        return SectionBlock();
      case kInterfaceDescription:
        return InterfaceBlock();
      case kObsoletePacket:
        return EnhancedBlock(packet);
      case kSimplePacket:
        return SimpleBlock(packet);
      default:
        return UnknownBlock();
    }
  }

  // A section tells its byte order itself.
  Step SectionBlock() {
    const base::Bytes begin = window_.Peek(kBlockHeader + kSectionFixed);
    if (begin.size() < kBlockHeader + kSectionFixed) {
      return Stop(CutShort("a section header", window_.offset(), kBlockHeader + kSectionFixed, begin.size()));
    }
    const uint32_t magic = base::LoadLittle<uint32_t>(begin.data() + kBlockHeader);
    if (magic != kByteOrderMagic && std::byteswap(magic) != kByteOrderMagic) {
      return Broken("a section header without its byte-order magic");
    }
    big_ = magic != kByteOrderMagic;
    base::Bytes body;
    if (!Block(kSectionFixed, body)) return Step::kDamaged;
    if (const uint16_t major = U16(body.data() + 4); major != 1) {
      return Broken(fmt::format("a section of pcapng version {}, and only version 1 is known", major));
    }
    interfaces_.clear();
    return Done(body);
  }

  Step InterfaceBlock() {
    base::Bytes body;
    if (!Block(kInterfaceFixed, body)) return Step::kDamaged;
    if (interfaces_.size() == kMaxInterfaces) return Broken("more than 65,536 interfaces");
    Interface interface;
    interface.link_type = U16(body.data());
    interface.supported = IsSupportedLink(interface.link_type);
    interface.snap_length = U32(body.data() + 4);
    interface.max_packet = std::clamp(interface.snap_length, kUsualPacketBytes, kMaxPacketBytes);
    ReadOptions(body.subspan(kInterfaceFixed), interface.clock);
    auto& first = interface.supported ? first_supported_ : first_unsupported_;
    if (!first) first = interface.link_type;
    interfaces_.push_back(interface);
    return Done(body);
  }

  void ReadOptions(base::Bytes options, Clock& clock) const {
    std::optional<int64_t> offset;
    while (options.size() >= 4) {
      const uint16_t code = U16(options.data());
      const size_t length = U16(options.data() + 2);
      const base::Bytes value = options.subspan(4);
      if (code == kOptionEnd || length > value.size()) break;
      if (code == kOptionTimeResolution && length == 1) clock.SetResolution(value[0]);
      if (code == kOptionTimeOffset && length == 8) offset = static_cast<int64_t>(U64(value.data()));
      options = value.subspan(std::min(value.size(), (length + 3) & ~size_t{3}));
    }
    if (offset) clock.SetOffset(*offset);
  }

  // The enhanced packet block and its forerunner, which differ in the interface's number only.
  Step EnhancedBlock(model::RawPacket& packet) {
    base::Bytes body;
    if (!Block(kEnhancedFixed, body)) return Step::kDamaged;
    const uint8_t* at = body.data();
    const uint32_t number = U32(at - kBlockHeader) == kEnhancedPacket ? U32(at) : U16(at);
    if (number >= interfaces_.size()) return UnknownInterface(number);
    const uint32_t captured = U32(at + 12);
    return Packet(packet, body, number, captured, U32(at + 16), kEnhancedFixed,
                  interfaces_[number].clock.At(U32(at + 4), U32(at + 8)));
  }

  // Belongs to the first interface, has no time, and tells its captured length by the block's.
  Step SimpleBlock(model::RawPacket& packet) {
    base::Bytes body;
    if (!Block(kSimpleFixed, body)) return Step::kDamaged;
    if (interfaces_.empty()) return UnknownInterface(0);
    const uint32_t wire = U32(body.data());
    uint32_t captured = wire;
    if (interfaces_[0].snap_length > 0) captured = std::min(captured, interfaces_[0].snap_length);
    captured = std::min(captured, static_cast<uint32_t>(body.size() - kSimpleFixed));
    return Packet(packet, body, 0, captured, wire, kSimpleFixed, base::FromUnixNanos(0));
  }

  Step Packet(model::RawPacket& packet, base::Bytes body, uint32_t number, uint32_t captured, uint32_t wire,
              size_t fixed, base::Timestamp ts) {
    const Interface& interface = interfaces_[number];
    if (captured > interface.max_packet) return Stop(TooLong(window_.offset(), captured, interface.max_packet));
    if (captured > body.size() - fixed) {
      return Broken(
          fmt::format("it claims {} captured bytes in a block with room for {}", captured, body.size() - fixed));
    }
    ++packets_;
    if (!interface.supported) {
      ++unsupported_;
      return Done(body);
    }
    packet.ts = ts;
    packet.data = body.subspan(fixed, captured);
    packet.wire_length = WireLength(wire, captured);
    packet.link = static_cast<model::LinkType>(interface.link_type);
    packet.interface = number;
    packet.number = packets_;
    Done(body);
    return Step::kPacket;
  }

  Step UnknownBlock() {
    const uint64_t offset = window_.offset();
    const uint32_t size = U32(window_.Peek(kBlockHeader).data() + 4);
    if (size < kSmallestBlock) return Broken(fmt::format("a block of {} bytes, less than any can have", size));
    if (!window_.SkipFar(size - kBlockTrailer)) {
      return Stop(CutShort("a block", offset, size, window_.offset() - offset));
    }
    const base::Bytes trailer = window_.Peek(kBlockTrailer);
    if (trailer.size() < kBlockTrailer) {
      return Stop(CutShort("a block", offset, size, window_.offset() - offset + trailer.size()));
    }
    if (const uint32_t again = U32(trailer.data()); again != size) return LengthsDiffer(offset, size, again);
    window_.Skip(kBlockTrailer);
    return Step::kNothing;
  }

  // The body of the block the window is at, which must have `fixed` bytes; it stays in the window until
  // Done. False after damage.
  bool Block(size_t fixed, base::Bytes& body) {
    const uint64_t offset = window_.offset();
    const uint32_t size = U32(window_.Peek(kBlockHeader).data() + 4);
    if (size < kSmallestBlock + fixed || size > kMaxBlock) [[unlikely]] {
      Damaged(offset, fmt::format("a block of {} bytes, which is too {}", size, size > kMaxBlock ? "long" : "short"));
      return false;
    }
    const base::Bytes block = window_.Peek(size);
    if (block.size() < size) [[unlikely]] {
      CutShort("a block", offset, size, block.size());
      return false;
    }
    if (const uint32_t again = U32(block.data() + size - kBlockTrailer); again != size) [[unlikely]] {
      LengthsDiffer(offset, size, again);
      return false;
    }
    body = block.subspan(kBlockHeader, size - kSmallestBlock);
    return true;
  }

  Step Done(base::Bytes body) {
    window_.Skip(body.size() + kSmallestBlock);
    return Step::kNothing;
  }

  static Step Stop(Next /*always kDamaged*/) { return Step::kDamaged; }
  Step Broken(std::string what) { return Stop(Damaged(window_.offset(), std::move(what))); }
  Step UnknownInterface(uint32_t number) {
    return Broken(fmt::format("it names interface {}, and the section has {}", number, interfaces_.size()));
  }
  Step LengthsDiffer(uint64_t offset, uint32_t size, uint32_t again) {
    return Stop(
        Damaged(offset, fmt::format("a block that is {} bytes long at its front and {} at its end", size, again)));
  }

  uint16_t U16(const uint8_t* at) const { return big_ ? base::LoadBig<uint16_t>(at) : base::LoadLittle<uint16_t>(at); }
  uint32_t U32(const uint8_t* at) const { return big_ ? base::LoadBig<uint32_t>(at) : base::LoadLittle<uint32_t>(at); }
  uint64_t U64(const uint8_t* at) const { return big_ ? base::LoadBig<uint64_t>(at) : base::LoadLittle<uint64_t>(at); }

  bool big_ = false;
  std::vector<Interface> interfaces_;  // of the section, at most kMaxInterfaces
  std::optional<uint32_t> first_supported_;
  std::optional<uint32_t> first_unsupported_;
  std::optional<model::RawPacket> held_;
  Next held_result_ = Next::kEnd;
};

}  // namespace

bool IsPcapng(base::Bytes begin) {
  return begin.size() >= 4 && base::LoadLittle<uint32_t>(begin.data()) == kSectionHeader;
}

base::Result<std::unique_ptr<Format>> OpenPcapng(Window& window) {
  auto pcapng = std::make_unique<Pcapng>(window);
  pcapng->Begin();
  if (const auto link = pcapng->unusable_link()) return base::Fail(UnsupportedLink(window.input().name(), *link));
  return pcapng;
}

}  // namespace quaywatch::capture
