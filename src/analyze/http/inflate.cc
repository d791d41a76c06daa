// SPDX-License-Identifier: Apache-2.0
#include "analyze/http/inflate.h"

#include <zlib.h>

#include <array>

namespace quaywatch::analyze::http {
namespace {

constexpr size_t kHeadLength = 2;
constexpr size_t kPiece = 16 * 1024;

// Some servers leave out the zlib header of "deflate".
int WindowBits(std::string_view head) {
  const auto first = static_cast<uint8_t>(head[0]);
  const auto second = static_cast<uint8_t>(head[1]);
  const bool gzip = first == 0x1f && second == 0x8b;
  const bool zlib = (first & 0x0f) == Z_DEFLATED && (first << 8 | second) % 31 == 0;
  return gzip || zlib ? MAX_WBITS + 32 : -MAX_WBITS;
}

}  // namespace

struct Inflater::Stream {
  z_stream z{.avail_out = 1};
  ~Stream() { inflateEnd(&z); }
};

Inflater::Inflater(InflateSink& sink) : sink_(sink) {}
Inflater::~Inflater() = default;

bool Inflater::Feed(std::string_view data) {
  if (over_) return true;
  if (stream_ != nullptr) return Run(data);
  const std::string_view head = data.substr(0, kHeadLength - head_.size());
  head_ += head;
  data.remove_prefix(head.size());
  if (head_.size() < kHeadLength) return true;
  stream_ = std::make_unique<Stream>();
  if (inflateInit2(&stream_->z, WindowBits(head_)) != Z_OK) {
    over_ = true;
    return false;
  }
  return Run(head_) && Run(data);
}

bool Inflater::Run(std::string_view data) {
  z_stream& z = stream_->z;
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  z.avail_in = static_cast<uInt>(data.size());
  std::array<char, kPiece> piece;
  while (!over_ && (z.avail_in > 0 || z.avail_out == 0)) {
    z.next_out = reinterpret_cast<Bytef*>(piece.data());
    z.avail_out = static_cast<uInt>(piece.size());
    const int status = inflate(&z, Z_SYNC_FLUSH);
    const bool failed = status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR;
    const size_t count = piece.size() - z.avail_out;
    inflated_ += count;
    over_ = failed || status == Z_STREAM_END || inflated_ > kMaxInflated;
    if (count > 0) sink_.OnInflated({piece.data(), count});
    if (failed) return false;
    if (count == 0 && status == Z_BUF_ERROR) break;
  }
  return true;
}

}  // namespace quaywatch::analyze::http
