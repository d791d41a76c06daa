// SPDX-License-Identifier: Apache-2.0
//
// The bytes of a capture file or pipe, unpacked on the way: plain, gzip (RFC 1952, many members) or
// zstd (RFC 8878, many and skippable frames), told apart by their first bytes. Never seeks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"

namespace quaywatch::capture {

class Input {
 public:
  // Largest zstd window accepted, as a power of two: what `zstd --long=31` writes. The memory is only
  // touched as far as the stream fills it.
  static constexpr int kMaxWindowLog = 31;

  // `path` "-" is standard input. Fails if it cannot be read at all.
  static base::Result<std::unique_ptr<Input>> Open(const std::string& path);

  // Takes over `fd`; `name` stands for it in messages.
  Input(int fd, std::string name, int max_window_log = kMaxWindowLog);
  ~Input();
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  // Between 1 and `size` unpacked bytes, waiting only for the first; 0 at the end or on an error().
  size_t Read(uint8_t* to, size_t size);

  // Why the bytes stop before their end (the packing is broken, the disk fails); empty if they do not.
  const std::string& error() const { return error_; }
  const std::string& name() const { return name_; }
  // Packed bytes taken so far of the file's size; negative if that is not known.
  double progress() const;

 private:
  class Unpacker;
  class Gzip;
  class Zstd;

  void ChooseUnpacker(int max_window_log);
  size_t ReadRaw(uint8_t* to, size_t size);

  int fd_;
  std::string name_;
  uint64_t file_size_ = 0;  // 0 if not a regular file
  uint64_t raw_bytes_ = 0;
  std::string error_;
  std::unique_ptr<uint8_t[]> raw_;  // packed bytes not yet unpacked, or the first plain ones
  size_t raw_at_ = 0;
  size_t raw_end_ = 0;
  std::unique_ptr<Unpacker> unpacker_;
};

}  // namespace quaywatch::capture
