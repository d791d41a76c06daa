// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "app/cli.h"

namespace quaywatch::app {
namespace {

constexpr size_t kLineWidth = 100;
constexpr size_t kHelpColumn = 34;

// "  name      help", the help wrapped in its column.
std::string Entry(const std::string& name, const std::string& help) {
  std::string text = "  " + name;
  if (text.size() + 2 > kHelpColumn) text += "\n";
  size_t column = text.ends_with('\n') ? 0 : text.size();
  const auto indent = [&] {
    text.append(kHelpColumn - column, ' ');
    column = kHelpColumn;
  };
  indent();
  for (size_t at = 0; at < help.size();) {
    const size_t end = std::min(help.find(' ', at), help.size());
    if (column > kHelpColumn && column + 1 + end - at > kLineWidth) {
      text += "\n";
      column = 0;
      indent();
    }
    if (column > kHelpColumn) {
      text += ' ';
      ++column;
    }
    text.append(help, at, end - at);
    column += end - at;
    at = end + 1;
  }
  return text + "\n";
}

std::string OptionName(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const auto& name : option.get_snames()) names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) names.push_back("--" + name);
  const std::string indent = option.get_snames().empty() ? "    " : "";
  const std::string value = option.get_items_expected_max() > 0 ? " " + option.get_type_name() : "";
  return fmt::format("{}{}{}", indent, fmt::join(names, ", "), value);
}

std::string OptionsText(const CLI::App& app) {
  std::string text;
  // The group every program has comes last.
  auto groups = app.get_groups();
  std::ranges::rotate(groups, groups.begin() + 1);
  for (const auto& group : groups) {
    std::string entries;
    for (const CLI::Option* option : app.get_options()) {
      if (!option->get_positional() && option->get_group() == group) {
        entries += Entry(OptionName(*option), option->get_description());
      }
    }
    if (!entries.empty()) text += fmt::format("\n{}:\n{}", group, entries);
  }
  return text;
}

std::string PositionalName(const CLI::Option& option) {
  return option.get_name(true) + (option.get_items_expected_max() > 1 ? "..." : "");
}

}  // namespace

std::string HelpText(const CLI::App& program, const CLI::App* command) {
  const CLI::App& app = command != nullptr ? *command : program;
  std::string usage = command != nullptr ? "quaywatch " + app.get_name() : "quaywatch COMMAND";
  std::string positionals;
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_positional()) continue;
    usage += " " + PositionalName(*option);
    positionals += Entry(PositionalName(*option), option->get_description());
  }
  std::string text = fmt::format("Usage: {} [OPTIONS]\n\n{}.\n", usage, app.get_description());
  if (!positionals.empty()) text += "\n" + positionals;
  if (command == nullptr) {
    text += "\nCommands:\n";
    for (const CLI::App* one : AllCommands(program)) text += Entry(one->get_name(), one->get_description());
  }
  return text + OptionsText(app) + app.get_footer();
}

}  // namespace quaywatch::app
