// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/commands.h"
#include "app/interrupt.h"
#include "app/progress_bar.h"
#include "app/sensor.h"
#include "app/watch.h"
#include "capture/file.h"

namespace quaywatch::app {
namespace {

// A mistake in the last name is told before an hour was spent on the first. Standard input and other pipes
// can only be read once.
base::Result<> CheckFiles(const WatchOptions& options) {
  for (const std::string& file : options.files) {
    std::error_code unknown;
    if (file == "-" || std::filesystem::is_fifo(file, unknown)) continue;
    if (auto source = capture::OpenFile(file, options.filter); !source) return std::unexpected(source.error());
  }
  return {};
}

base::Result<> LoadState(const std::string& path, enrich::Directory& directory) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return base::Fail("cannot read " + path);
  auto loaded = directory.Load(text.view());
  return loaded ? loaded : base::Fail(path + ": " + loaded.error().message);
}

int Fail(const base::Error& error) {
  Say(error.message);
  return kFailure;
}

}  // namespace

int Read(const WatchOptions& watch) {
  auto options = PipelineOptions(watch);
  if (!options) return Fail(options.error());
  if (auto readable = CheckFiles(watch); !readable) return Fail(readable.error());

  enrich::Directory directory(DirectoryOptionsOf(watch));
  if (!watch.cluster_state.empty()) {
    if (auto loaded = LoadState(watch.cluster_state, directory); !loaded) return Fail(loaded.error());
    options->host.names = &directory;
    options->host.is_live = false;
  }

  CatchInterrupts();
  ProgressBar progress(watch.log_dir.empty());
  const auto totals = pipeline::RunFiles(
      *options, watch.files, watch.filter,
      {.stop = Interrupted(), .progress = [&](double done) { progress.Show(done); }, .statistics = {}});
  progress.Clear();
  if (!totals) return Fail(totals.error());

  const bool interrupted = Interrupted();
  if (interrupted) {
    Say("interrupted; the records of what was read until then are complete");
  } else if (!totals->damage.empty()) {
    Say(totals->damage);
  }
  for (const std::string& line : Losses(*totals)) Say(line);
  // A pipe has no end of its own.
  if (interrupted) return watch.files.back() == "-" ? kSuccess : kFailure;
  return totals->damage.empty() ? kSuccess : kDamaged;
}

}  // namespace quaywatch::app
