// SPDX-License-Identifier: Apache-2.0
#include "emit/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace quaywatch::emit {
namespace {

constexpr size_t kBuffer = 64 * 1024;

std::string Reason(int error) {
  std::string reason = std::strerror(error);
  if (error == ENOSPC || error == EDQUOT) reason += "; records up to here are kept, free some space and run again";
  return reason;
}

}  // namespace

base::Result<std::unique_ptr<OutputFile>> OutputFile::Create(std::string path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) return base::Fail("cannot write " + path + ": " + Reason(errno));
  return std::unique_ptr<OutputFile>(new OutputFile(fd, std::move(path)));
}

std::unique_ptr<OutputFile> OutputFile::StandardOutput() {
  return std::unique_ptr<OutputFile>(new OutputFile(STDOUT_FILENO, "standard output"));
}

OutputFile::~OutputFile() {
  if (fd_ > STDERR_FILENO) ::close(fd_);
}

base::Result<> OutputFile::Write(std::string_view lines) {
  if (buffer_.size() + lines.size() < kBuffer) {
    buffer_ += lines;
    return {};
  }
  if (auto flushed = Flush(); !flushed) return flushed;
  if (lines.size() >= kBuffer) return WriteThrough(lines);
  buffer_ += lines;
  return {};
}

base::Result<> OutputFile::Flush() {
  auto result = WriteThrough(buffer_);
  buffer_.clear();
  return result;
}

base::Result<> OutputFile::Close() {
  auto result = Flush();
  if (fd_ > STDERR_FILENO && ::close(fd_) != 0 && result) {
    result = base::Fail("cannot write " + path_ + ": " + Reason(errno));
  }
  fd_ = -1;
  return result;
}

base::Result<> OutputFile::WriteThrough(std::string_view lines) {
  if (!failure_.empty()) return base::Fail(failure_);
  std::string_view left = lines;
  while (!left.empty()) {
    const ssize_t count = ::write(fd_, left.data(), left.size());
    if (count > 0) {
      left.remove_prefix(static_cast<size_t>(count));
    } else if (count < 0 && errno != EINTR) {
      return Failure(lines, left);
    }
  }
  written_ += static_cast<int64_t>(lines.size());
  return {};
}

base::Result<> OutputFile::Failure(std::string_view lines, std::string_view left) {
  failure_ = "cannot write " + path_ + ": " + Reason(errno);
  const std::string_view fitted = lines.substr(0, lines.size() - left.size());
  const size_t whole = fitted.empty() ? 0 : fitted.rfind('\n') + 1;
  // Fails on pipes and devices, where nothing can be taken back.
  [[maybe_unused]] const int cut = ::ftruncate(fd_, written_ + static_cast<int64_t>(whole));
  return base::Fail(failure_);
}

}  // namespace quaywatch::emit
