// SPDX-License-Identifier: Apache-2.0
//
// The network namespaces in which something lives, or that a mount keeps: found by their inode numbers, with the
// paths by which they can be opened.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "enrich/host/mounts.h"
#include "enrich/host/processes.h"

namespace quaywatch::enrich::host {

struct LivingNamespace {
  Residents residents;
  std::string mount_name;  // of `ip netns`, CNI or Docker; empty: not mounted
  std::vector<std::string> paths;
};

using Living = std::map<uint32_t, LivingNamespace>;

// The mount tables of the sensor and, if it has another, of the machine's first process.
class MountTables {
 public:
  explicit MountTables(const std::string& proc_root);
  ~MountTables();
  MountTables(const MountTables&) = delete;
  MountTables& operator=(const MountTables&) = delete;

  // Each has POLLPRI when its table has changed since the last Read().
  std::vector<int> fds() const;
  // Of both; the paths are the sensor's.
  std::vector<NamespaceMount> Read() const;

 private:
  struct Table {
    int fd = -1;
    std::string root;  // where its paths begin
  };
  std::vector<Table> tables_;
};

// Without the namespace with the number `own`.
Living LivingNamespaces(const ProcessSurvey& survey, const std::vector<NamespaceMount>& mounts,
                        const std::string& proc_root, uint32_t own);

// A descriptor for setns(2), to be closed; -1: none of the paths leads to that namespace any more.
int OpenNamespace(const std::vector<std::string>& paths, uint32_t inode);

}  // namespace quaywatch::enrich::host
