// SPDX-License-Identifier: Apache-2.0
//
// The command line: what the user asked for, or why it can't be done. Everything about names, defaults,
// help, the manual page and completion comes from one description in command_line.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace quaywatch::app {

// Exit codes, as documented in every --help.
inline constexpr int kSuccess = 0;
inline constexpr int kFailure = 1;  // wrong use, or the environment refuses
inline constexpr int kDamaged = 2;  // damaged input; everything before the damage was delivered

// What read and live have in common.
struct WatchOptions {
  std::string log_dir;            // empty: no files
  std::string log_format;         // of the files: zeek-tsv, zeek-json or json
  std::string output;             // to standard output: connections, table or json; empty: nothing
  std::vector<std::string> logs;  // empty: all
  bool ignore_checksums = false;
  std::string filter;  // pcap-filter(7)
  unsigned workers = 1;
  bool hash_files = false;
  std::vector<std::string> local_nets;  // as given, valid CIDR
  double interim_seconds = 0;           // 0: never
  uint64_t max_flows = 1'000'000;       // of all workers together
  uint64_t max_memory_mib = 0;          // 0: the default
  uint32_t max_reorder_mib = 256;       // of all workers together

  // Names of both ends of connections:
  std::string cluster_state;        // of read: a saved state; empty: nobody is named
  std::vector<std::string> labels;  // keys; "*" for all; empty: the default ones
  std::string node;                 // empty: found out
  std::string docker;               // of live, a socket; empty: found out; "off"
  std::string containerd;           // the same
  std::string kubernetes;           // a kubeconfig; empty: found out; "off"

  std::vector<std::string> files;  // of read
  bool is_live = false;
  std::vector<std::string> interfaces;  // of live; empty: all
  uint32_t ring_mib = 64;               // of live
  std::string socket;                   // of live, where it answers questions; "off"
};

// Of the commands that ask a running sensor.
struct AskOptions {
  std::string socket;
  std::string format;       // table or json
  bool with_ended = false;  // of endpoints
  std::string file;         // of state save
};

struct SchemaOptions {
  std::string format;  // table, json or markdown
  std::vector<std::string> logs;
};

enum class Command : uint8_t { kNone, kRead, kLive, kSchema, kEndpoints, kStatus, kStateSave, kVersion, kText };

struct Invocation {
  Command command = Command::kNone;
  WatchOptions watch;
  SchemaOptions schema;
  AskOptions ask;
  std::string text;  // of kText: what was asked for (help, a manual page, a completion script)
};

// Fails with one line for a person that names the offending word.
base::Result<Invocation> ParseCommandLine(int argc, const char* const* argv);

// ": did you mean --log-dir?", or nothing if no candidate is near.
std::string DidYouMean(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace quaywatch::app
