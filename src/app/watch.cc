// SPDX-License-Identifier: Apache-2.0
#include "app/watch.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "app/logs.h"

namespace quaywatch::app {
namespace {

emit::Format FormatOf(std::string_view name) {
  if (name == "zeek-json") return emit::Format::kZeekJson;
  if (name == "json") return emit::Format::kJson;
  if (name == "table") return emit::Format::kTable;
  if (name == "connections") return emit::Format::kConnections;
  return emit::Format::kZeekTsv;
}

// no-color.org
bool WantsColor() {
  const char* const no_color = std::getenv("NO_COLOR");
  const char* const terminal = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) != 0 && (no_color == nullptr || *no_color == 0) &&
         !(terminal != nullptr && std::string_view(terminal) == "dumb");
}

}  // namespace

base::Result<pipeline::Options> PipelineOptions(const WatchOptions& from) {
  if (auto known = CheckLogNames(from.logs); !known) return std::unexpected(known.error());
  pipeline::Options options;
  if (!from.log_dir.empty()) {
    options.emit.push_back({.format = FormatOf(from.log_format), .log_dir = from.log_dir, .logs = from.logs});
  }
  if (!from.output.empty()) {
    options.emit.push_back({.format = FormatOf(from.output), .logs = from.logs, .color = WantsColor()});
  }
  const bool names = from.is_live || !from.cluster_state.empty();
  for (emit::Options& way : options.emit) way.names = names;
  options.decode.verify_checksums = !from.ignore_checksums;
  options.analyze.hash_files = from.hash_files;
  options.workers = from.workers;
  const uint64_t max_flows = from.max_flows > 0 ? from.max_flows : options.flow.max_flows;
  options.flow.max_flows = std::max<uint64_t>(max_flows / from.workers, 1);
  options.max_stream_bytes = uint64_t{from.max_reorder_mib} << 20;
  if (from.max_memory_mib > 0) options.max_memory = from.max_memory_mib << 20;
  options.interim = base::Duration(static_cast<int64_t>(from.interim_seconds * 1e9));
  for (const std::string& net : from.local_nets) {
    if (const auto prefix = model::Prefix::Parse(net)) options.local_nets.push_back(*prefix);
  }
  return options;
}

std::string Counted(uint64_t count, const std::string& noun) {
  const std::string digits = fmt::format("{}", count);
  std::string apart;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) apart += ',';
    apart += digits[i];
  }
  return fmt::format("{} {}{}", apart, noun, count == 1 ? "" : "s");
}

std::vector<std::string> Losses(const pipeline::Totals& totals) {
  std::vector<std::string> lines;
  const auto say = [&](uint64_t count, const std::string& noun, std::string_view what) {
    if (count > 0) lines.push_back(fmt::format("{} {}", Counted(count, noun), what));
  };
  say(totals.capture.dropped, "packet", "lost: they came faster than they could be looked at; try --workers or --ring");
  say(totals.capture.unsupported, "packet", "skipped: of interfaces whose link type is not supported");
  say(totals.decode.bad_checksum, "packet",
      "not looked into: wrong checksums. If the capture was made on the sender, that is normal: use -C");
  say(totals.decode.truncated, "packet", "cut short by the capture's snap length: what they said may be missing");
  say(totals.decode.fragments_dropped, "IP fragment", "without the rest of their datagram");
  say(totals.flows.evicted, "connection", "ended early for want of memory; see --max-flows and --max-memory");
  say(totals.streams_given_up, "connection", "no longer followed: too much was out of order; see --max-reorder");
  return lines;
}

}  // namespace quaywatch::app
