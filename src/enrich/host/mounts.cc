// SPDX-License-Identifier: Apache-2.0
#include "enrich/host/mounts.h"

#include <algorithm>
#include <charconv>

namespace quaywatch::enrich::host {
namespace {

// The next word of a line; both are cut.
std::string_view Word(std::string_view& line) {
  const size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

// Spaces, tabs, newlines and backslashes are written as "\040".
std::string Unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '\\' && i + 3 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 4, value, 8).ptr == text.data() + i + 4) {
      out += static_cast<char>(value);
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

std::string_view NamespaceMount::name() const {
  const size_t slash = path.rfind('/');
  return slash == path.npos ? std::string_view(path) : std::string_view(path).substr(slash + 1);
}

uint32_t NamespaceInode(std::string_view text) {
  if (!text.starts_with("net:[") || !text.ends_with(']')) return 0;
  text = text.substr(5, text.size() - 6);
  uint32_t inode = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), inode);
  return error == std::errc() && end == text.data() + text.size() ? inode : 0;
}

std::vector<NamespaceMount> NamespaceMounts(std::string_view mountinfo) {
  std::vector<NamespaceMount> mounts;
  while (!mountinfo.empty() && mounts.size() < kMaxNamespaceMounts) {
    const size_t end = std::min(mountinfo.find('\n'), mountinfo.size());
    std::string_view line = mountinfo.substr(0, end);
    mountinfo.remove_prefix(std::min(end + 1, mountinfo.size()));
    // Mount id, parent's id, device; then the root within the file system and the mount point.
    for (int i = 0; i < 3; ++i) Word(line);
    const uint32_t inode = NamespaceInode(Word(line));
    const std::string_view path = Word(line);
    if (inode != 0 && !path.empty()) mounts.push_back({inode, Unescape(path)});
  }
  return mounts;
}

}  // namespace quaywatch::enrich::host
