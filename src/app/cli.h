// SPDX-License-Identifier: Apache-2.0
//
// Texts made from the description of the command line.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace quaywatch::app {

// In the order of their declaration.
std::vector<const CLI::App*> AllCommands(const CLI::App& program);

// What --help prints; of the whole program if `command` is null.
std::string HelpText(const CLI::App& program, const CLI::App* command);

// Completion script for bash, zsh or fish; empty for another shell.
std::string CompletionScript(const CLI::App& program, const std::string& shell);

// The manual page quaywatch(1) in man(7)'s language.
std::string ManualPage(const CLI::App& program);

}  // namespace quaywatch::app
