// SPDX-License-Identifier: Apache-2.0
//
// A file that is only written to, from front to back, through a buffer of our own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace quaywatch::emit {

class OutputFile {
 public:
  // Made or emptied.
  static base::Result<std::unique_ptr<OutputFile>> Create(std::string path);
  static std::unique_ptr<OutputFile> StandardOutput();
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // `lines` are whole ones. After a failure the file ends with the last whole line that fitted, and every
  // further call fails the same way.
  base::Result<> Write(std::string_view lines);
  base::Result<> Flush();
  base::Result<> Close();

 private:
  OutputFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  base::Result<> WriteThrough(std::string_view lines);
  base::Result<> Failure(std::string_view lines, std::string_view left);

  int fd_;
  std::string path_;
  std::string buffer_;
  std::string failure_;
  int64_t written_ = 0;
};

}  // namespace quaywatch::emit
