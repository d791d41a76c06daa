// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "app/cli.h"

namespace quaywatch::app {
namespace {

// Hyphens stay hyphens, and no line begins with a request.
std::string Roff(const std::string& text) {
  std::string escaped;
  bool line_begin = true;
  for (const char c : text) {
    if (line_begin && (c == '.' || c == '\'')) escaped += "\\&";
    if (c == '-') {
      escaped += "\\-";
    } else if (c == '\\') {
      escaped += "\\e";
    } else {
      escaped += c;
    }
    line_begin = c == '\n';
  }
  return escaped;
}

std::string OptionText(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const auto& name : option.get_snames()) names.push_back("\\fB" + Roff("-" + name) + "\\fR");
  for (const auto& name : option.get_lnames()) names.push_back("\\fB" + Roff("--" + name) + "\\fR");
  const std::string value =
      option.get_items_expected_max() > 0 ? " \\fI" + Roff(option.get_type_name()) + "\\fR" : std::string();
  return fmt::format(".TP\n{}{}\n{}\n", fmt::join(names, ", "), value, Roff(option.get_description()));
}

std::string Verbatim(const std::string& text) { return ".PP\n.nf\n" + Roff(text) + "\n.fi\n"; }

std::string CommandText(const CLI::App& command) {
  std::string synopsis = "\\fBquaywatch " + command.get_name() + "\\fR [\\fIoptions\\fR]";
  std::string options;
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional()) {
      synopsis +=
          fmt::format(" \\fI{}\\fR{}", option->get_name(true), option->get_items_expected_max() > 1 ? "..." : "");
    } else {
      options += OptionText(*option);
    }
  }
  std::string footer = command.get_footer();
  footer = footer.substr(0, footer.find("\nExit codes:"));
  const std::string examples = footer.empty() ? "" : Verbatim(footer);
  return fmt::format(".SS {}\n{}\n.PP\n{}.\n{}{}", Roff(command.get_name()), synopsis, Roff(command.get_description()),
                     options, examples);
}

}  // namespace

std::string ManualPage(const CLI::App& program) {
  std::string page = fmt::format(
      ".TH QUAYWATCH 1 \"\" \"quaywatch {}\" \"User Commands\"\n.SH NAME\nquaywatch \\- turns packets into records\n"
      ".SH SYNOPSIS\n\\fBquaywatch\\fR \\fIcommand\\fR [\\fIoptions\\fR]\n.SH DESCRIPTION\n{}.\n"
      "Data goes to standard output or into files; errors, progress and statistics go to standard error.\n"
      ".SH COMMANDS\n",
      QUAYWATCH_VERSION, Roff(program.get_description()));
  for (const CLI::App* command : AllCommands(program)) page += CommandText(*command);
  const std::string footer = program.get_footer();
  const size_t codes = footer.find("\nExit codes:");
  page += ".SH EXIT STATUS\n" + Verbatim(footer.substr(footer.find('\n', codes + 1) + 1));
  return page + ".SH EXAMPLES\n" + Verbatim(footer.substr(0, footer.find("\nHelp for a command")));
}

}  // namespace quaywatch::app
