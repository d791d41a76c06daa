// SPDX-License-Identifier: Apache-2.0
#include "app/logs.h"

#include <algorithm>

#include "analyze/analyzer.h"
#include "analyze/files/ocsp.h"
#include "analyze/files/record.h"
#include "app/command_line.h"
#include "flow/conn_record.h"
#include "model/tunnel_record.h"
#include "pipeline/stats_record.h"
#include "pipeline/weird_record.h"

namespace quaywatch::app {

std::vector<const model::Schema*> AllLogs() {
  std::vector<const model::Schema*> logs{
      &flow::ConnRecord::Schema(),           &flow::ConnRecord::InterimSchema(),     &model::TunnelRecord::Schema(),
      &analyze::files::FileRecord::Schema(), &analyze::files::OcspRecord::Schema(),  &pipeline::WeirdRecord::Schema(),
      &pipeline::StatsRecord::Schema(),      &pipeline::CaptureLossRecord::Schema(),
  };
  for (const analyze::AnalyzerSpec* spec : analyze::Analyzers()) {
    for (const auto schema : spec->schemas) logs.push_back(&schema());
  }
  std::ranges::sort(logs, {}, &model::Schema::name);
  const auto rest = std::ranges::unique(logs);
  logs.erase(rest.begin(), rest.end());
  return logs;
}

base::Result<> CheckLogNames(const std::vector<std::string>& names) {
  std::vector<std::string> known;
  for (const model::Schema* log : AllLogs()) known.emplace_back(log->name());
  for (const std::string& name : names) {
    if (std::ranges::find(known, name) != known.end()) continue;
    return base::Fail("there is no log '" + name + "'" + DidYouMean(name, known) + "; see: quaywatch schema");
  }
  return {};
}

}  // namespace quaywatch::app
