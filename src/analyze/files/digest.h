// SPDX-License-Identifier: Apache-2.0
//
// MD5, SHA-1 and SHA-256 of a file as it passes.
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"

namespace quaywatch::analyze::files {

enum class DigestKind { kMd5, kSha1, kSha256 };

class Digest {
 public:
  explicit Digest(DigestKind kind);
  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;
  ~Digest();

  void Update(base::Bytes bytes);
  // Lower-case hexadecimal. Once only.
  std::string Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace quaywatch::analyze::files
