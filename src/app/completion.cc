// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "app/cli.h"

namespace quaywatch::app {
namespace {

struct Option {
  std::vector<std::string> names;  // with dashes
  std::string help;
  std::string values;  // "a b c", or empty if anything goes
  bool takes_value = false;
  bool takes_file = false;
};

std::vector<Option> Options(const CLI::App& command) {
  std::vector<Option> options;
  for (const CLI::Option* from : command.get_options()) {
    if (from->get_positional()) continue;
    Option option;
    for (const auto& name : from->get_snames()) option.names.push_back("-" + name);
    for (const auto& name : from->get_lnames()) option.names.push_back("--" + name);
    option.help = from->get_description();
    option.takes_value = from->get_items_expected_max() > 0;
    const std::string type = from->get_type_name();
    option.takes_file = type == "FOLDER";
    if (type.find('|') != std::string::npos) {
      option.values = type;
      std::ranges::replace(option.values, '|', ' ');
    }
    options.push_back(std::move(option));
  }
  return options;
}

std::string Joined(const std::vector<std::string>& words, std::string_view separator) {
  return fmt::format("{}", fmt::join(words, separator));
}

std::string CommandNames(const CLI::App& program) {
  std::vector<std::string> names;
  for (const CLI::App* command : AllCommands(program)) names.push_back(command->get_name());
  return Joined(names, " ");
}

std::string Bash(const CLI::App& program) {
  std::string script =
      "# bash completion for quaywatch\n"
      "_quaywatch() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=\n"
      "  COMPREPLY=()\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n";
  script += fmt::format("    COMPREPLY=($(compgen -W \"{} --help --version\" -- \"$word\"))\n    return\n  fi\n",
                        CommandNames(program));
  script += "  case ${COMP_WORDS[1]} in\n";
  for (const CLI::App* command : AllCommands(program)) {
    std::vector<std::string> names;
    script += fmt::format("  {})\n    case $before in\n", command->get_name());
    for (const Option& option : Options(*command)) {
      names.insert(names.end(), option.names.begin(), option.names.end());
      if (!option.values.empty()) {
        script += fmt::format("    {}) COMPREPLY=($(compgen -W \"{}\" -- \"$word\")); return ;;\n",
                              Joined(option.names, "|"), option.values);
      } else if (option.takes_value && !option.takes_file) {
        script += fmt::format("    {}) return ;;\n", Joined(option.names, "|"));
      }
    }
    script += fmt::format("    esac\n    words=\"{}\" ;;\n", Joined(names, " "));
  }
  script += fmt::format("  esac\n  case ${{COMP_WORDS[1]}} in\n  help) words=\"{}\" ;;\n", CommandNames(program));
  script +=
      "  completion) words=\"bash zsh fish\" ;;\n"
      "  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
      "  [ \"${COMP_WORDS[1]}\" = read ] && [ \"${word#-}\" = \"$word\" ] && COMPREPLY=($(compgen -f -- \"$word\"))\n"
      "}\n"
      "complete -o filenames -F _quaywatch quaywatch\n";
  return script;
}

// Single quotes, brackets and colons mean something in zsh's specifications.
std::string ZshText(const std::string& text) {
  std::string quoted;
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      if (c == '[' || c == ']' || c == ':') quoted += '\\';
      quoted += c;
    }
  }
  return quoted;
}

std::string Zsh(const CLI::App& program) {
  std::string script = "#compdef quaywatch\n_quaywatch() {\n  if (( CURRENT == 2 )); then\n    local -a commands=(\n";
  for (const CLI::App* command : AllCommands(program)) {
    script += fmt::format("      '{}:{}'\n", command->get_name(), ZshText(command->get_description()));
  }
  script += "    )\n    _describe command commands\n    return\n  fi\n  local chosen=$words[2]\n";
  script += "  shift words; (( CURRENT-- ))\n  case $chosen in\n";
  for (const CLI::App* command : AllCommands(program)) {
    script += fmt::format("  {})\n    _arguments", command->get_name());
    for (const Option& option : Options(*command)) {
      for (const auto& name : option.names) {
        script += fmt::format(" \\\n      '{}[{}]", name, ZshText(option.help));
        if (option.takes_file) {
          script += ":folder:_files -/";
        } else if (option.takes_value) {
          script += option.values.empty() ? ":value: " : fmt::format(":value:({})", option.values);
        }
        script += "'";
      }
    }
    const std::string rest = command->get_name() == "help" ? fmt::format("'1:command:({})'", CommandNames(program))
                             : command->get_name() == "completion" ? "'1:shell:(bash zsh fish)'"
                             : command->get_name() == "read"       ? "'*:capture:_files'"
                                                                   : "";
    script += rest.empty() ? " ;;\n" : fmt::format(" \\\n      {} ;;\n", rest);
  }
  return script +
         "  esac\n}\n[ \"$funcstack[1]\" = _quaywatch ] && _quaywatch \"$@\" || compdef _quaywatch quaywatch\n";
}

std::string FishText(const std::string& text) {
  std::string quoted;
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted;
}

std::string Fish(const CLI::App& program) {
  std::string script = "# fish completion for quaywatch\n";
  for (const CLI::App* command : AllCommands(program)) {
    script += fmt::format("complete -c quaywatch -f -n __fish_use_subcommand -a {} -d '{}'\n", command->get_name(),
                          FishText(command->get_description()));
    for (const Option& option : Options(*command)) {
      script += fmt::format("complete -c quaywatch -n '__fish_seen_subcommand_from {}'", command->get_name());
      for (const auto& name : option.names) {
        script += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (option.takes_value) script += option.takes_file ? " -r" : " -x";
      if (!option.values.empty()) script += fmt::format(" -a '{}'", option.values);
      script += fmt::format(" -d '{}'\n", FishText(option.help));
    }
  }
  script +=
      fmt::format("complete -c quaywatch -f -n '__fish_seen_subcommand_from help' -a '{}'\n", CommandNames(program));
  script += "complete -c quaywatch -f -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'\n";
  return script;
}

}  // namespace

std::vector<const CLI::App*> AllCommands(const CLI::App& program) {
  return program.get_subcommands([](const CLI::App*) { return true; });
}

std::string CompletionScript(const CLI::App& program, const std::string& shell) {
  if (shell == "bash") return Bash(program);
  if (shell == "zsh") return Zsh(program);
  if (shell == "fish") return Fish(program);
  return {};
}

}  // namespace quaywatch::app
