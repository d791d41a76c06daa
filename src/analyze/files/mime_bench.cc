// SPDX-License-Identifier: Apache-2.0
//
// What it costs to find a file's type: bodies as they are common in HTTP.
#include <benchmark/benchmark.h>

#include <string>

#include "analyze/files/file_tracker.h"
#include "analyze/files/mime.h"

namespace quaywatch::analyze::files {
namespace {

void Run(benchmark::State& state, const std::string& text) {
  for (auto _ : state) benchmark::DoNotOptimize(DetectMimeType(base::AsBytes(text)));
}

// `beginning`, then `filling` over and over up to kSniffLimit.
std::string Full(std::string beginning, std::string_view filling) {
  while (beginning.size() < kSniffLimit) beginning.append(filling);
  return beginning;
}

void SmallJson(benchmark::State& state) { Run(state, R"({"id": 12345, "name": "quay", "tags": ["a", "b"]})"); }
BENCHMARK(SmallJson);

void FullJson(benchmark::State& state) { Run(state, Full(R"({"items": [)", R"({"id": 1, "name": "quay no. 7"}, )")); }
BENCHMARK(FullJson);

void FullHtml(benchmark::State& state) { Run(state, Full("<!DOCTYPE html>\n<html>", "<p>Some text.</p>\n")); }
BENCHMARK(FullHtml);

void FullText(benchmark::State& state) { Run(state, Full("", "Ships that pass in the night; 42 of them.\n")); }
BENCHMARK(FullText);

void Png(benchmark::State& state) { Run(state, Full("\x89PNG\r\n\x1a\n", "\x01\x80\xff")); }
BENCHMARK(Png);

}  // namespace
}  // namespace quaywatch::analyze::files
