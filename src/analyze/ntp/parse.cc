// SPDX-License-Identifier: Apache-2.0
#include "analyze/ntp/parse.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace quaywatch::analyze::ntp {
namespace {

constexpr double kTwoToMinus16 = 1.0 / 65536;
constexpr double kTwoToMinus32 = kTwoToMinus16 * kTwoToMinus16;
constexpr int64_t kNanosPerSecond = 1'000'000'000;

// Zeek computes with doubles and shows microseconds; the fraction of a double is exact, and so is its
// product with a million.
int64_t ToNanos(double seconds) {
  const double whole = std::floor(seconds);
  const auto micros = static_cast<int64_t>(std::nearbyint((seconds - whole) * 1e6));
  return static_cast<int64_t>(whole) * kNanosPerSecond + micros * 1000;
}

// Counts the extension fields, leaving a MAC at most; nothing if one is malformed.
std::optional<uint32_t> CountExtensions(base::Cursor& in) {
  uint32_t count = 0;
  while (in.left() > kMaxMac) {
    const size_t begin = in.offset();
    in.Skip(2);
    const size_t length = in.U16();
    in.Skip(2 + 4 + 4);  // association, time stamp, file stamp
    in.Skip(in.U32());   // value
    in.Skip(in.U32());   // signature
    const size_t used = in.offset() - begin;
    if (used < length) in.Skip(length - used);
    if (!in.ok()) return std::nullopt;
    ++count;
  }
  return count;
}

std::optional<Times> ParseTimes(base::Cursor& in) {
  Times times;
  times.stratum = in.U8();
  times.poll = PowerOfTwo(static_cast<int8_t>(in.U8()));
  times.precision = PowerOfTwo(static_cast<int8_t>(in.U8()));
  times.root_delay = ShortTime(in.U32());
  times.root_dispersion = ShortTime(in.U32());
  times.reference_id = in.Take(4);
  times.reference = LongTime(in.U64());
  times.origin = LongTime(in.U64());
  times.receive = LongTime(in.U64());
  times.transmit = LongTime(in.U64());
  if (!in.ok()) return std::nullopt;
  const auto extensions = CountExtensions(in);
  if (!extensions) return std::nullopt;
  times.extensions = *extensions;
  return times;
}

}  // namespace

base::Duration PowerOfTwo(int8_t exponent) {
  constexpr int kLargest = 33;
  if (exponent > kLargest) return base::Duration::max();
  return base::Duration(ToNanos(std::ldexp(1.0, exponent)));
}

base::Duration ShortTime(uint32_t value) {
  const auto seconds = static_cast<int16_t>(value >> 16);
  const auto fraction = static_cast<int16_t>(value & 0xffff);
  return base::Duration(ToNanos(seconds + fraction * kTwoToMinus16));
}

base::Timestamp LongTime(uint64_t value) {
  constexpr double kUnixEpoch = 2208988800;  // 1970 in seconds since 1900
  if (value == 0) return {};
  return base::FromUnixNanos(
      ToNanos(static_cast<double>(value >> 32) - kUnixEpoch + static_cast<double>(value & 0xffffffff) * kTwoToMinus32));
}

std::optional<Message> Parse(base::Bytes datagram) {
  base::Cursor in(datagram);
  const uint8_t first = in.U8();
  Message message;
  message.leap = first >> 6;
  message.version = first >> 3 & 7;
  message.mode = first & 7;
  switch (message.mode) {
    case kReserved:
      break;
    case kControl: {
      in.Skip(9);         // operation, sequence, status, association, offset
      in.Skip(in.U16());  // data
      break;
    }
    case kPrivate:
      in.Skip(3);  // sequence, implementation, request
      in.Skip(in.U16() & 0xfff);
      break;
    default:
      message.times = ParseTimes(in);
      if (!message.times) return std::nullopt;
  }
  if (!in.ok()) return std::nullopt;
  return message;
}

}  // namespace quaywatch::analyze::ntp
