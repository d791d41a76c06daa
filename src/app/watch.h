// SPDX-License-Identifier: Apache-2.0
//
// What reading files and live capture share: from the command line's options to the pipeline's, and the
// words for what came out.
#pragma once

#include <string>
#include <vector>

#include "app/command_line.h"
#include "pipeline/runner.h"

namespace quaywatch::app {

// Fails with a line for a person if a log does not exist.
base::Result<pipeline::Options> PipelineOptions(const WatchOptions& options);

// What a person must know to judge the records: what was dropped, skipped or cut off, a line each. Empty if
// all of the input is in the records.
std::vector<std::string> Losses(const pipeline::Totals& totals);

// "1234567 packets", with thousands apart: "1,234,567 packets", "1 packet".
std::string Counted(uint64_t count, const std::string& noun);

}  // namespace quaywatch::app
