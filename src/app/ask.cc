// SPDX-License-Identifier: Apache-2.0
//
// The commands that ask a running sensor.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "api/client.h"
#include "app/commands.h"
#include "app/status.h"

namespace quaywatch::app {
namespace {

int Fail(const base::Error& error) {
  Say(error.message);
  return kFailure;
}

int Show(const AskOptions& options, const std::string& path, base::Result<std::string> (*table)(const std::string&)) {
  auto answer = api::Ask(options.socket, path);
  if (!answer) return Fail(answer.error());
  if (options.format != "table") return Print(*answer);
  auto text = table(*answer);
  return text ? Print(*text) : Fail(text.error());
}

}  // namespace

int ShowEndpoints(const AskOptions& options) {
  return Show(options, options.with_ended ? "/v1/endpoints?ended" : "/v1/endpoints", EndpointsTable);
}

int ShowStatus(const AskOptions& options) { return Show(options, "/v1/status", StatusTable); }

int SaveState(const AskOptions& options) {
  auto state = api::Ask(options.socket, "/v1/state");
  if (!state) return Fail(state.error());
  if (options.file == "-") return Print(*state);
  std::ofstream file(options.file, std::ios::binary | std::ios::trunc);
  file << *state;
  file.close();
  if (file) return kSuccess;
  return Fail({"cannot write the state to " + options.file + ": " + std::strerror(errno)});
}

}  // namespace quaywatch::app
