// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "app/commands.h"
#include "app/logs.h"
#include "emit/escape.h"
#include "model/identity.h"

namespace quaywatch::app {
namespace {

using Logs = std::vector<const model::Schema*>;

// What the column means, and if it is not everywhere.
std::string Meaning(const model::Column& column) {
  return std::string(column.help) + (column.get == nullptr ? " (JSON only)" : column.own ? " (with names only)" : "");
}

std::string Table(const Logs& logs) {
  std::string text;
  for (const model::Schema* log : logs) {
    text += fmt::format("{}{}: {}\n", text.empty() ? "" : "\n", log->name(), log->help());
    size_t name_width = 0;
    size_t type_width = 0;
    for (const model::Column& column : log->columns()) {
      name_width = std::max(name_width, column.name.size());
      type_width = std::max(type_width, model::TypeText(column).size());
    }
    for (const model::Column& column : log->columns()) {
      const std::string unit = column.unit.empty() ? "" : fmt::format(" ({})", column.unit);
      text += fmt::format("  {:<{}}  {:<{}}  {}{}\n", column.name, name_width, model::TypeText(column), type_width,
                          Meaning(column), unit);
    }
  }
  return text;
}

std::string Quoted(std::string_view text) {
  emit::Text out;
  out.Put('"');
  emit::PutJsonText(out, text);
  out.Put('"');
  return out.Take();
}

std::string Json(const Logs& logs) {
  std::string text = "[";
  for (const model::Schema* log : logs) {
    text += fmt::format("{}{{\"name\":{},\"help\":{},\"columns\":[", text.size() > 1 ? ",\n" : "\n",
                        Quoted(log->name()), Quoted(log->help()));
    bool first = true;
    for (const model::Column& column : log->columns()) {
      text += fmt::format("{}  {{\"name\":{},\"type\":{},\"unit\":{},\"help\":{}}}", first ? "\n" : ",\n",
                          Quoted(column.name), Quoted(model::TypeText(column)), Quoted(column.unit),
                          Quoted(Meaning(column)));
      first = false;
    }
    text += "]}";
  }
  return text + "\n]\n";
}

// A cell of a table in Markdown.
std::string Cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|' || c == '<' || c == '*' || c == '_') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string Markdown(const Logs& logs) {
  std::string text =
      "# Logs\n\nMade by `quaywatch schema -o markdown`. Types are Zeek's; columns that are not set are `-` in TSV "
      "and\n"
      "left out in JSON.\n\n";
  for (const model::Schema* log : logs) {
    text += fmt::format("- [{}](#{}): {}\n", log->name(), log->name(), Cell(log->help()));
  }
  for (const model::Schema* log : logs) {
    text += fmt::format("\n## {}\n\n{}.\n\n| column | type | unit | meaning |\n|---|---|---|---|\n", log->name(),
                        Cell(log->help()));
    for (const model::Column& column : log->columns()) {
      text += fmt::format("| `{}` | {} | {} | {} |\n", column.name, model::TypeText(column), column.unit,
                          Cell(Meaning(column)));
    }
  }
  return text;
}

}  // namespace

int ShowSchema(const SchemaOptions& options) {
  // No log, but a part of every log that names a connection.
  static const model::Schema ends("ends",
                                  "Who the two ends of a connection are: columns of every log with id.orig_h, after "
                                  "its own, wherever there are names (live, or with --cluster-state)",
                                  model::PartyColumns());
  std::vector<std::string> asked = options.logs;
  std::erase(asked, ends.name());
  if (auto known = CheckLogNames(asked); !known) {
    Say(known.error().message);
    return kFailure;
  }
  Logs logs = AllLogs();
  logs.insert(std::ranges::upper_bound(logs, ends.name(), {}, &model::Schema::name), &ends);
  std::erase_if(logs, [&](const model::Schema* log) {
    return !options.logs.empty() && std::ranges::find(options.logs, log->name()) == options.logs.end();
  });
  const std::string text = options.format == "json"       ? Json(logs)
                           : options.format == "markdown" ? Markdown(logs)
                                                          : Table(logs);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kSuccess;
}

}  // namespace quaywatch::app
