// SPDX-License-Identifier: Apache-2.0
//
// What the program can do, one function per command. Each returns the exit code; data goes to standard
// output, everything else to standard error.
#pragma once

#include <string_view>

#include "app/command_line.h"

namespace quaywatch::app {

int Main(int argc, const char* const* argv);

int Read(const WatchOptions& options);
int Live(const WatchOptions& options);
int ShowSchema(const SchemaOptions& options);
int ShowEndpoints(const AskOptions& options);
int ShowStatus(const AskOptions& options);
int SaveState(const AskOptions& options);

// To standard output, which may be a full disk as well. Returns the exit code.
int Print(const std::string& text);

// "quaywatch: ..." on standard error.
void Say(std::string_view message);

}  // namespace quaywatch::app
