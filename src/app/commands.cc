// SPDX-License-Identifier: Apache-2.0
#include "app/commands.h"

#include <cstdio>

namespace quaywatch::app {
int Print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return kSuccess;
  Say("cannot write to standard output");
  return kFailure;
}

void Say(std::string_view message) {
  std::fprintf(stderr, "quaywatch: %.*s\n", static_cast<int>(message.size()), message.data());
}

int Main(int argc, const char* const* argv) {
  const auto invocation = ParseCommandLine(argc, argv);
  if (!invocation) {
    Say(invocation.error().message);
    return kFailure;
  }
  switch (invocation->command) {
    case Command::kRead:
      return Read(invocation->watch);
    case Command::kLive:
      return Live(invocation->watch);
    case Command::kSchema:
      return ShowSchema(invocation->schema);
    case Command::kEndpoints:
      return ShowEndpoints(invocation->ask);
    case Command::kStatus:
      return ShowStatus(invocation->ask);
    case Command::kStateSave:
      return SaveState(invocation->ask);
    case Command::kVersion:
      return Print("quaywatch " QUAYWATCH_VERSION "\n");
    case Command::kText:
      return Print(invocation->text);
    case Command::kNone:
      break;
  }
  return kFailure;
}

}  // namespace quaywatch::app
