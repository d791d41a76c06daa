// SPDX-License-Identifier: Apache-2.0
#include "enrich/host/living.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

namespace quaywatch::enrich::host {
namespace {

constexpr size_t kMaxTable = 16 << 20;

std::string ReadAgain(int fd) {
  std::string text;
  std::array<char, 16384> piece;
  ssize_t size = 0;
  lseek(fd, 0, SEEK_SET);
  while (text.size() < kMaxTable && (size = read(fd, piece.data(), piece.size())) > 0) {
    text.append(piece.data(), static_cast<size_t>(size));
  }
  return text;
}

std::string MountNamespaceOf(const std::string& process) {
  std::array<char, 64> target;
  const ssize_t size = readlink((process + "/ns/mnt").c_str(), target.data(), target.size());
  return size > 0 ? std::string(target.data(), static_cast<size_t>(size)) : std::string();
}

}  // namespace

MountTables::MountTables(const std::string& proc_root) {
  const std::string first = proc_root + "/1";
  const int own = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
  if (own >= 0) tables_.push_back({own, ""});
  if (MountNamespaceOf(first) == MountNamespaceOf("/proc/self")) return;
  const int machine = open((first + "/mountinfo").c_str(), O_RDONLY | O_CLOEXEC);
  if (machine >= 0) tables_.push_back({machine, first + "/root"});
}

MountTables::~MountTables() {
  for (const Table& table : tables_) close(table.fd);
}

std::vector<int> MountTables::fds() const {
  std::vector<int> fds;
  for (const Table& table : tables_) fds.push_back(table.fd);
  return fds;
}

std::vector<NamespaceMount> MountTables::Read() const {
  std::vector<NamespaceMount> all;
  for (const Table& table : tables_) {
    for (NamespaceMount& mount : NamespaceMounts(ReadAgain(table.fd))) {
      mount.path.insert(0, table.root);
      all.push_back(std::move(mount));
    }
  }
  return all;
}

Living LivingNamespaces(const ProcessSurvey& survey, const std::vector<NamespaceMount>& mounts,
                        const std::string& proc_root, uint32_t own) {
  Living living;
  for (const auto& [inode, residents] : survey.namespaces) {
    LivingNamespace& one = living[inode];
    one.residents = residents;
    one.paths.push_back(fmt::format("{}/{}/ns/net", proc_root, residents.oldest.pid));
  }
  for (const NamespaceMount& mount : mounts) {
    if (mount.inode == own) continue;
    LivingNamespace& one = living[mount.inode];
    if (one.mount_name.empty()) one.mount_name = mount.name();
    one.paths.push_back(mount.path);
  }
  return living;
}

int OpenNamespace(const std::vector<std::string>& paths, uint32_t inode) {
  for (const std::string& path : paths) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat info{};
    if (fd >= 0 && fstat(fd, &info) == 0 && info.st_ino == inode) return fd;
    if (fd >= 0) close(fd);
  }
  return -1;
}

}  // namespace quaywatch::enrich::host
