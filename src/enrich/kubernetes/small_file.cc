// SPDX-License-Identifier: Apache-2.0
#include "enrich/kubernetes/small_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace quaywatch::enrich::kubernetes {

base::Result<std::string> ReadSmallFile(const std::string& path, size_t most) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"), std::fclose);
  if (!file) return base::Fail(path + ": " + std::strerror(errno));
  std::string text(most + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get())) return base::Fail(path + ": " + std::strerror(errno));
  if (text.size() > most) return base::Fail(path + ": it is too long to be what it should be");
  return text;
}

}  // namespace quaywatch::enrich::kubernetes
