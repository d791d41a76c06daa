// SPDX-License-Identifier: Apache-2.0
//
// Who lives in which network namespace, from a walk over /proc.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "enrich/host/cgroup_path.h"
#include "enrich/host/docker_proxy.h"
#include "enrich/host/network.h"

namespace quaywatch::enrich::host {

struct Process {
  pid_t pid = 0;
  std::string name;  // at most 15 bytes (/proc/<pid>/comm)
  base::Timestamp started{};
  CgroupOwner owner;
};

// The processes of one namespace.
struct Residents {
  Process oldest;
  Process owned;         // the oldest in a container's or pod's cgroup; pid 0: none
  bool first = false;    // process 1 is among them
  bool unowned = false;  // so is one that belongs to no container
};

struct ProcessSurvey {
  std::map<uint32_t, Residents> namespaces;     // by inode number, without the sensor's own
  std::map<std::string, Process> host_network;  // containers in the sensor's namespace, by id or pod uid: the oldest
  std::vector<DockerProxy> docker_proxies;      // in the sensor's namespace
  size_t processes = 0;
  size_t refused = 0;  // namespaces of these may not be asked for
};

class Processes {
 public:
  // More are not looked at.
  static constexpr size_t kMaxProcesses = 200'000;
  // By then a process is in the namespace and the cgroup where it stays.
  static constexpr base::Duration kYouth = std::chrono::seconds(2);

  // `own`: the sensor's namespace.
  Processes(std::string proc_root, uint32_t own);
  // `thorough`: asks all processes; else those known for a while are taken to be where they were.
  ProcessSurvey Look(Moment now, bool thorough);

 private:
  struct Known {
    uint32_t inode = 0;
    Process process;
    bool refused = false;
    bool seen = false;
  };
  void Read(pid_t pid, Known& known, Moment now) const;
  void Add(const Known& known, ProcessSurvey& survey) const;
  CgroupOwner OwnerOf(const std::string& folder) const;

  std::string proc_root_;
  uint32_t own_;
  CgroupOwner around_;  // of the first process: what this whole machine runs in is not one of its containers
  std::map<pid_t, Known> known_;
};

// The whole text of a small file of /proc; empty if there is none.
std::string ReadProcFile(const std::string& path);

}  // namespace quaywatch::enrich::host
