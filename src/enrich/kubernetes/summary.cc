// SPDX-License-Identifier: Apache-2.0
#include "enrich/kubernetes/summary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace quaywatch::enrich::kubernetes {
namespace {

bool IsNeeded(Kind kind) { return kind != Kind::kReplicaSets && kind != Kind::kJobs; }

void AddOnce(std::string text, std::vector<std::string>& texts) {
  if (!text.empty() && std::ranges::find(texts, text) == texts.end()) texts.push_back(std::move(text));
}

// "pods, services (list); add to our ClusterRole: ..."
std::string Forbidden(const std::vector<const Reflector*>& reflectors) {
  std::vector<std::string> names;
  std::vector<std::string> rules;
  for (const auto* reflector : reflectors) {
    const auto& verb = reflector->report().forbidden;
    if (verb.empty()) continue;
    const auto& resource = reflector->resource();
    names.push_back(verb + " " + resource.name);
    rules.push_back(fmt::format(R"({{apiGroups: ["{}"], resources: ["{}"], verbs: ["list", "watch"]}})", resource.group,
                                resource.name));
  }
  if (names.empty()) return {};
  return fmt::format("may not {} (403); add to the rules of our ClusterRole: {}", fmt::join(names, ", "),
                     fmt::join(rules, ", "));
}

}  // namespace

Summary Summarize(const std::vector<const Reflector*>& reflectors) {
  Summary summary;
  bool synced = true;
  bool failing = false;
  std::vector<std::string> troubles;
  for (const auto* reflector : reflectors) {
    const auto& report = reflector->report();
    summary.events += report.events;
    summary.skipped += report.skipped;
    summary.reconnects += report.reconnects;
    const bool needed = IsNeeded(reflector->resource().kind);
    synced = synced && (report.synced || !needed);
    failing = failing || !report.trouble.empty() || (needed && !report.forbidden.empty());
    AddOnce(report.trouble, troubles);
  }
  AddOnce(Forbidden(reflectors), troubles);
  if (failing) {
    summary.state = SourceState::kFailing;
  } else if (synced) {
    summary.state = SourceState::kWorking;
  }
  summary.detail = fmt::format("{}", fmt::join(troubles, "; "));
  return summary;
}

}  // namespace quaywatch::enrich::kubernetes
