// SPDX-License-Identifier: Apache-2.0
#include "capture/input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/bytes.h"

namespace quaywatch::capture {
namespace {

constexpr size_t kRawBytes = 256u << 10;

bool IsGzip(base::Bytes bytes) { return bytes.size() >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b; }

// A frame or, as pzstd writes first, a skippable one.
bool IsZstd(base::Bytes bytes) {
  if (bytes.size() < 4) return false;
  const uint32_t magic = base::LoadLittle<uint32_t>(bytes.data());
  return magic == ZSTD_MAGICNUMBER || (magic & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START;
}

base::Error OpenError(const std::string& path, int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return {"cannot open " + path + ": there is no such file; check the path"};
    case EACCES:
    case EPERM:
      return {"cannot open " + path +
              ": no permission to read it; change its mode (chmod +r) or run as a user who may"};
    default:
      return {"cannot open " + path + ": " + std::strerror(error)};
  }
}

}  // namespace

class Input::Unpacker {
 public:
  virtual ~Unpacker() = default;
  // Unpacks from `input`'s raw bytes; 0 when more of them are needed or the stream is finished.
  virtual size_t Unpack(Input& input, uint8_t* to, size_t size) = 0;
  // May the raw bytes end here?
  virtual bool complete() const = 0;
};

class Input::Gzip final : public Unpacker {
 public:
  Gzip() { usable_ = inflateInit2(&stream_, 15 + 16) == Z_OK; }
  ~Gzip() override { inflateEnd(&stream_); }

  size_t Unpack(Input& input, uint8_t* to, size_t size) override {
    if (!usable_) {
      input.error_ = "there is no memory to unpack gzip";
      return 0;
    }
    if (complete_ && !NextMember(input)) return 0;
    stream_.next_in = input.raw_.get() + input.raw_at_;
    stream_.avail_in = static_cast<uInt>(input.raw_end_ - input.raw_at_);
    stream_.next_out = to;
    stream_.avail_out = static_cast<uInt>(std::min<size_t>(size, 1u << 30));
    const uInt offered = stream_.avail_out;
    const int result = inflate(&stream_, Z_NO_FLUSH);
    input.raw_at_ = input.raw_end_ - stream_.avail_in;
    complete_ = result == Z_STREAM_END;
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
      input.error_ = std::string("its gzip packing is broken (") + (stream_.msg != nullptr ? stream_.msg : "?") + ")";
    }
    return offered - stream_.avail_out;
  }

  bool complete() const override { return complete_; }

 private:
  // Tapes and some tools pad the last member with zeros, which mean nothing.
  bool NextMember(Input& input) {
    while (input.raw_at_ < input.raw_end_ && input.raw_[input.raw_at_] == 0) ++input.raw_at_;
    if (input.raw_at_ == input.raw_end_) return false;
    inflateReset(&stream_);
    complete_ = false;
    return true;
  }

  z_stream stream_{};
  bool usable_ = false;
  bool complete_ = false;
};

class Input::Zstd final : public Unpacker {
 public:
  explicit Zstd(int max_window_log) : stream_(ZSTD_createDStream()) {
    ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, max_window_log);
  }
  ~Zstd() override { ZSTD_freeDStream(stream_); }

  size_t Unpack(Input& input, uint8_t* to, size_t size) override {
    ZSTD_inBuffer in{input.raw_.get(), input.raw_end_, input.raw_at_};
    ZSTD_outBuffer out{to, size, 0};
    // An empty call after a frame's end would count as the beginning of another frame.
    if (in.pos == in.size && complete_) return 0;
    const size_t result = ZSTD_decompressStream(stream_, &out, &in);
    if (ZSTD_isError(result)) {
      input.error_ = std::string("its zstd packing is broken (") + ZSTD_getErrorName(result) + ")";
      return out.pos;
    }
    complete_ = result == 0;
    input.raw_at_ = in.pos;
    return out.pos;
  }

  bool complete() const override { return complete_; }

 private:
  ZSTD_DStream* stream_;
  bool complete_ = false;
};

base::Result<std::unique_ptr<Input>> Input::Open(const std::string& path) {
  if (path == "-") return std::make_unique<Input>(::dup(STDIN_FILENO), "standard input");
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::unexpected(OpenError(path, errno));
  struct stat info{};
  if (::fstat(fd, &info) == 0 && S_ISDIR(info.st_mode)) {
    ::close(fd);
    return base::Fail("cannot read " + path + ": it is a folder; name a capture file in it");
  }
  return std::make_unique<Input>(fd, path);
}

Input::Input(int fd, std::string name, int max_window_log) : fd_(fd), name_(std::move(name)) {
  struct stat info{};
  if (::fstat(fd_, &info) == 0 && S_ISREG(info.st_mode)) file_size_ = static_cast<uint64_t>(info.st_size);
  raw_ = std::make_unique<uint8_t[]>(kRawBytes);
  ChooseUnpacker(max_window_log);
}

Input::~Input() {
  if (fd_ >= 0) ::close(fd_);
}

void Input::ChooseUnpacker(int max_window_log) {
  while (raw_end_ < 4) {
    const size_t got = ReadRaw(raw_.get() + raw_end_, kRawBytes - raw_end_);
    if (got == 0) break;
    raw_end_ += got;
  }
  const base::Bytes begin(raw_.get(), raw_end_);
  if (IsGzip(begin)) {
    unpacker_ = std::make_unique<Gzip>();
  } else if (IsZstd(begin)) {
    unpacker_ = std::make_unique<Zstd>(max_window_log);
  }
}

size_t Input::ReadRaw(uint8_t* to, size_t size) {
  const ssize_t got = ::read(fd_, to, size);
  if (got >= 0) {
    raw_bytes_ += static_cast<uint64_t>(got);
    return static_cast<size_t>(got);
  }
  // Only a signal that asks the program to end interrupts a read (others restart it). A pipe whose writer
  // is silent ends here, then.
  if (errno != EINTR) error_ = std::string("reading fails: ") + std::strerror(errno);
  return 0;
}

size_t Input::Read(uint8_t* to, size_t size) {
  if (unpacker_ == nullptr) {
    if (raw_at_ == raw_end_) return error_.empty() ? ReadRaw(to, size) : 0;
    const size_t count = std::min(size, raw_end_ - raw_at_);
    std::memcpy(to, raw_.get() + raw_at_, count);
    raw_at_ += count;
    return count;
  }
  while (error_.empty()) {
    const size_t at = raw_at_;
    if (const size_t got = unpacker_->Unpack(*this, to, size); got > 0) return got;
    if (!error_.empty()) break;
    if (raw_at_ < raw_end_) {
      if (raw_at_ == at) error_ = "its packing is broken";
      continue;
    }
    raw_at_ = 0;
    raw_end_ = ReadRaw(raw_.get(), kRawBytes);
    if (raw_end_ > 0) continue;
    if (error_.empty() && !unpacker_->complete()) error_ = "its packed bytes are cut short";
    break;
  }
  return 0;
}

double Input::progress() const {
  if (file_size_ == 0) return -1;
  return std::min(1.0, static_cast<double>(raw_bytes_) / static_cast<double>(file_size_));
}

}  // namespace quaywatch::capture
