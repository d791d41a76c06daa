// SPDX-License-Identifier: Apache-2.0
//
// What a running sensor answers, as JSON, and the same for people.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "capture/namespaces.h"
#include "dedup/translations.h"
#include "enrich/directory.h"
#include "enrich/source.h"
#include "pipeline/totals.h"

namespace quaywatch::app {

struct SensorStatus {
  pipeline::Totals totals;
  std::string no_translations;  // why conntrack can't be asked; empty if it can
  dedup::TranslationCounters translations;
  std::vector<enrich::SourceStatus> sources;
  enrich::DirectoryCounters names;
  capture::NamespaceCounters namespaces;
};

std::string StatusJson(const SensorStatus& status);
std::string EndpointsJson(const std::vector<enrich::KnownEndpoint>& endpoints);

// From the JSON above. Fail with a line for a person if it is none of ours.
base::Result<std::string> StatusTable(const std::string& json);
base::Result<std::string> EndpointsTable(const std::string& json);

}  // namespace quaywatch::app
