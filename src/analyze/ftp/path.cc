// SPDX-License-Identifier: Apache-2.0
#include "analyze/ftp/path.h"

#include <vector>

namespace quaywatch::analyze::ftp {
namespace {

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// "/..." or "C:\...".
bool IsAbsolute(std::string_view path) {
  if (path.starts_with('/')) return true;
  return path.size() > 2 && IsLetter(path[0]) && path[1] == ':' && (path[2] == '/' || path[2] == '\\');
}

void TakeUp(std::vector<std::string_view>& parts) {
  if (parts.empty() || parts.back() == ".." || parts.back() == "~") {
    parts.push_back("..");
  } else if (parts.back() == ".") {
    parts.back() = "..";
  } else {
    parts.pop_back();
  }
}

std::string Normalize(std::string_view path) {
  std::vector<std::string_view> parts;
  bool first = true;
  for (size_t at = 0; at <= path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    at = end + 1;
    // A leading "." stays: that directory is unknown.
    const bool skip = part.empty() || (part == "." && !first);
    first = false;
    if (skip) continue;
    if (part == "..") {
      TakeUp(parts);
    } else {
      parts.push_back(part);
    }
  }
  std::string normal(path.starts_with('/') ? "/" : "");
  for (const std::string_view part : parts) normal.append(part) += '/';
  if (normal.size() > 1 && !path.ends_with('/')) normal.pop_back();
  return normal;
}

}  // namespace

std::string JoinPath(std::string_view directory, std::string_view file) {
  std::string path;
  if (!IsAbsolute(file) && !directory.empty()) {
    path.append(directory);
    if (!directory.ends_with('/')) path += '/';
  }
  path.append(file);
  if (path.size() > kMaxPath) path.resize(kMaxPath);
  return Normalize(path);
}

std::string_view FindPath(std::string_view text) {
  for (size_t quote = text.find('"'); quote != std::string_view::npos; quote = text.find('"', quote + 1)) {
    const std::string_view rest = text.substr(quote + 1);
    const size_t end = rest.find('"');
    if (end == std::string_view::npos) break;
    if (IsAbsolute(rest)) return rest.substr(0, end);
  }
  for (size_t at = 0; at < text.size(); ++at) {
    if (!IsAbsolute(text.substr(at))) continue;
    size_t end = at + (text[at] == '/' ? 1 : 3);
    while (end < text.size() && text[end] != '"' && (text[end] != ' ' || text[end - 1] == '\\')) ++end;
    return text.substr(at, end - at);
  }
  return {};
}

}  // namespace quaywatch::analyze::ftp
