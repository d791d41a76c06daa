// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <string>

#include "pipeline/runner.h"

int main(int argc, char** argv) {
  using namespace quaywatch;
  pipeline::Options options;
  std::vector<std::string> files;
  for (int i = 2; i < argc; ++i) {
    std::string a = argv[i];
    if (a == "--log-dir") options.emit.log_dir = argv[++i];
    else if (a == "--log-format") ++i;
    else if (a == "-C") options.decode.verify_checksums = false;
    else if (a == "--workers") options.workers = static_cast<unsigned>(std::stoi(argv[++i]));
    else files.push_back(a);
  }
  std::atomic<bool> stop = false;
  auto totals = pipeline::RunFiles(options, files, "", {.stop = stop});
  if (!totals) { std::fprintf(stderr, "%s\n", totals.error().message.c_str()); return 1; }
  if (!totals->damage.empty()) { std::fprintf(stderr, "%s\n", totals->damage.c_str()); return 2; }
  return 0;
}
