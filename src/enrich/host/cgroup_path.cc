// SPDX-License-Identifier: Apache-2.0
#include "enrich/host/cgroup_path.h"

#include <algorithm>

namespace quaywatch::enrich::host {
namespace {

constexpr size_t kIdDigits = 64;
constexpr size_t kUidDigits = 32;
constexpr std::string_view kScope = ".scope";
constexpr std::string_view kSlice = ".slice";

bool IsHex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

bool AllHex(std::string_view text) { return std::ranges::all_of(text, IsHex); }

// What follows the last of `marks`; all of it if there is none.
std::string_view After(std::string_view text, std::string_view marks) {
  const size_t at = text.find_last_of(marks);
  return at == text.npos ? text : text.substr(at + 1);
}

std::string_view ContainerId(std::string_view component) {
  if (component.ends_with(kScope)) component.remove_suffix(kScope.size());
  const std::string_view id = After(component, "-:");
  if (id.size() != kIdDigits || !AllHex(id)) return {};
  const std::string_view runtime = component.substr(0, component.size() - id.size());
  return runtime.ends_with("conmon-") ? std::string_view() : id;
}

// "pod<uid>" alone, or at the end of a slice's name.
std::string PodUid(std::string_view component) {
  if (component.ends_with(kSlice)) component.remove_suffix(kSlice.size());
  const size_t at = component.rfind("pod");
  if (at == component.npos || (at != 0 && component[at - 1] != '-')) return {};
  std::string uid(component.substr(at + 3));
  std::ranges::replace(uid, '_', '-');
  if (uid.size() == kUidDigits) return AllHex(uid) ? uid : std::string();
  if (uid.size() != kUidDigits + 4) return {};
  for (size_t i = 0; i < uid.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? uid[i] != '-' : !IsHex(uid[i])) return {};
  }
  return uid;
}

// Calls `with` for each line's hierarchy and path until it returns true.
template <typename With>
void ForEachPath(std::string_view lines, With with) {
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    const size_t first = line.find(':');
    const size_t second = first == line.npos ? line.npos : line.find(':', first + 1);
    if (second != line.npos && with(line.substr(0, second + 1), line.substr(second + 1))) return;
  }
}

}  // namespace

CgroupOwner OwnerOfPath(std::string_view path) {
  CgroupOwner owner;
  while (!path.empty()) {
    const std::string_view component = After(path, "/");
    path.remove_suffix(std::min(path.size(), component.size() + 1));
    if (owner.container_id.empty()) owner.container_id = ContainerId(component);
    owner.pod_uid = PodUid(component);
    // What is further out contains this pod.
    if (!owner.pod_uid.empty()) break;
  }
  return owner;
}

CgroupOwner OwnerOfProcess(std::string_view proc_cgroup) {
  CgroupOwner found;
  ForEachPath(proc_cgroup, [&found](std::string_view, std::string_view path) {
    CgroupOwner owner = OwnerOfPath(path);
    // Hierarchies in which the runtime made no cgroup say less.
    if (owner.container_id.empty() < found.container_id.empty() || found.empty()) found = std::move(owner);
    return !found.container_id.empty();
  });
  return found;
}

std::string_view UnifiedPath(std::string_view proc_cgroup) {
  std::string_view found;
  ForEachPath(proc_cgroup, [&found](std::string_view hierarchy, std::string_view path) {
    if (hierarchy != "0::") return false;
    found = path;
    return true;
  });
  return found;
}

}  // namespace quaywatch::enrich::host
