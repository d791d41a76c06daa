// SPDX-License-Identifier: Apache-2.0
#include "enrich/host/processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <memory>

#include "enrich/host/mounts.h"

namespace quaywatch::enrich::host {
namespace {

constexpr size_t kMaxFile = 8 << 20;
constexpr int kStartField = 22;  // of /proc/<pid>/stat (proc(5)), in clock ticks since the machine's start

struct Stat {
  std::string name;
  base::Duration started{};
};

// "42 (name) S 1 ..."; a name may hold anything, also ") ".
Stat ReadStat(const std::string& folder) {
  const std::string text = ReadProcFile(folder + "/stat");
  const size_t open = text.find('('), close = text.rfind(')');
  if (open == text.npos || close == text.npos || close < open) return {};
  Stat stat{text.substr(open + 1, close - open - 1), {}};
  size_t at = close + 1;
  for (int field = 3; field <= kStartField && at != text.npos; ++field) at = text.find(' ', at + (field > 3 ? 1 : 0));
  if (at == text.npos) return stat;
  int64_t ticks = 0;
  std::from_chars(text.data() + at + 1, text.data() + text.size(), ticks);
  static const int64_t per_second = sysconf(_SC_CLK_TCK);
  stat.started = std::chrono::milliseconds(ticks * 1000 / per_second);
  return stat;
}

bool IsOlder(const Process& process, const Process& than) {
  return than.pid == 0 || process.started < than.started || (process.started == than.started && process.pid < than.pid);
}

base::Duration BootTime() {
  timespec time{};
  clock_gettime(CLOCK_BOOTTIME, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

std::string ReadProcFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  std::string text;
  std::array<char, 4096> piece;
  ssize_t size = 0;
  while (text.size() < kMaxFile && (size = read(fd, piece.data(), piece.size())) > 0) {
    text.append(piece.data(), static_cast<size_t>(size));
  }
  close(fd);
  return text;
}

Processes::Processes(std::string proc_root, uint32_t own)
    : proc_root_(std::move(proc_root)), own_(own), around_(OwnerOfProcess(ReadProcFile(proc_root_ + "/1/cgroup"))) {}

ProcessSurvey Processes::Look(Moment now, bool thorough) {
  ProcessSurvey survey;
  for (auto& [pid, known] : known_) known.seen = false;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(proc_root_.c_str()), closedir);
  while (const dirent* entry = folder ? readdir(folder.get()) : nullptr) {
    const std::string_view name = entry->d_name;
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc() || end != name.data() + name.size() || survey.processes >= kMaxProcesses) continue;
    ++survey.processes;
    Known& known = known_[pid];
    known.seen = true;
    if (thorough || known.inode == 0 || now.wall - known.process.started < kYouth) Read(pid, known, now);
    Add(known, survey);
  }
  std::erase_if(known_, [](const auto& entry) { return !entry.second.seen; });
  return survey;
}

void Processes::Add(const Known& known, ProcessSurvey& survey) const {
  const Process& process = known.process;
  if (known.refused) ++survey.refused;
  if (known.inode == 0) return;
  if (known.inode == own_) {
    if (process.name == "docker-proxy") {
      const std::string line = ReadProcFile(fmt::format("{}/{}/cmdline", proc_root_, process.pid));
      if (const auto proxy = ProxyOfCommandLine(line)) survey.docker_proxies.push_back(*proxy);
    }
    if (process.owner.empty()) return;
    const std::string& id = process.owner.container_id;
    Process& first = survey.host_network[id.empty() ? process.owner.pod_uid : id];
    if (IsOlder(process, first)) first = process;
    return;
  }
  Residents& residents = survey.namespaces[known.inode];
  residents.first |= process.pid == 1;
  residents.unowned |= process.owner.empty();
  if (IsOlder(process, residents.oldest)) residents.oldest = process;
  if (!process.owner.empty() && IsOlder(process, residents.owned)) residents.owned = process;
}

// What was found of a process is kept while it is where it was. A cgroup is not final before it is a container's:
// runtimes move processes there.
void Processes::Read(pid_t pid, Known& known, Moment now) const {
  const std::string folder = fmt::format("{}/{}", proc_root_, pid);
  std::array<char, 64> target;
  const ssize_t size = readlink((folder + "/ns/net").c_str(), target.data(), target.size());
  known.refused = size < 0 && (errno == EACCES || errno == EPERM);
  const uint32_t inode = size > 0 ? NamespaceInode({target.data(), static_cast<size_t>(size)}) : 0;
  if (inode != 0 && known.inode == inode && !known.process.owner.empty()) return;
  known.inode = 0;
  const Stat stat = inode != 0 ? ReadStat(folder) : Stat();
  if (stat.name.empty()) return;
  known.inode = inode;
  known.process = {pid, stat.name, now.wall - (BootTime() - stat.started), OwnerOf(folder)};
}

CgroupOwner Processes::OwnerOf(const std::string& folder) const {
  CgroupOwner owner = OwnerOfProcess(ReadProcFile(folder + "/cgroup"));
  return owner == around_ ? CgroupOwner() : owner;
}

}  // namespace quaywatch::enrich::host
