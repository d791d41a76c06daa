// SPDX-License-Identifier: Apache-2.0
//
// Bodies compressed with gzip or deflate (RFC 9110, 8.4.1), decompressed as they arrive.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace quaywatch::analyze::http {

// What one body may unpack to; the rest of it is not looked at.
inline constexpr uint64_t kMaxInflated = uint64_t{1} << 30;

class InflateSink {
 public:
  virtual ~InflateSink() = default;
  // The next decompressed bytes; valid during the call.
  virtual void OnInflated(std::string_view data) = 0;
};

class Inflater {
 public:
  // Holds some 40 KB until it is destroyed. `sink` must outlive it.
  explicit Inflater(InflateSink& sink);
  ~Inflater();

  // The next compressed bytes: gzip, zlib or bare deflate, by the first two. What follows the end of the
  // compressed data is ignored. False once, when they turn out not to be compressed data; all further
  // bytes are ignored then.
  bool Feed(std::string_view data);

 private:
  struct Stream;
  bool Run(std::string_view data);

  InflateSink& sink_;
  std::string head_;  // the first two bytes, until both are here
  std::unique_ptr<Stream> stream_;
  uint64_t inflated_ = 0;
  bool over_ = false;
};

}  // namespace quaywatch::analyze::http
