// SPDX-License-Identifier: Apache-2.0
#include "capture/live.h"

#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <optional>

#include "capture/filter.h"
#include "capture/inbox.h"
#include "capture/live_source.h"
#include "capture/ring.h"
#include "capture/socket_program.h"

namespace quaywatch::capture {
namespace {

base::Error NoSuchInterface(const std::string& name) {
  std::string existing;
  if (struct if_nameindex* all = ::if_nameindex(); all != nullptr) {
    for (const auto* i = all; i->if_index != 0; ++i)
      existing += (existing.empty() ? "" : ", ") + std::string(i->if_name);
    ::if_freenameindex(all);
  }
  return {fmt::format("there is no interface {} in this network namespace; there are: {}", name, existing)};
}

base::Result<std::vector<int>> InterfacesOf(const LiveOptions& options) {
  if (options.interfaces.empty()) return std::vector<int>{0};
  std::vector<int> indexes;
  for (const std::string& name : options.interfaces) {
    const unsigned index = ::if_nametoindex(name.c_str());
    if (index == 0) return std::unexpected(NoSuchInterface(name));
    // Named twice is still captured once.
    if (std::ranges::find(indexes, static_cast<int>(index)) == indexes.end())
      indexes.push_back(static_cast<int>(index));
  }
  return indexes;
}

base::Error OnInterface(const LiveOptions& options, int interface, const base::Error& error) {
  char name[IF_NAMESIZE];
  if (options.interfaces.empty() || ::if_indextoname(static_cast<unsigned>(interface), name) == nullptr) return error;
  return {std::string(name) + ": " + error.message};
}

}  // namespace

base::Result<std::vector<std::unique_ptr<Source>>> OpenLive(const LiveOptions& options, unsigned workers) {
  const auto interfaces = InterfacesOf(options);
  if (!interfaces) return std::unexpected(interfaces.error());
  // The kernel filters frames whose tags it took out, so that only we can look for tags.
  const bool asks_for_tags = options.filter.find("vlan") != std::string::npos;
  const auto accept = AcceptProgram(asks_for_tags ? std::string() : options.filter);
  if (!accept) return std::unexpected(accept.error());

  std::vector<std::unique_ptr<LiveSource>> sources;
  std::vector<std::shared_ptr<Inbox>> inboxes;
  for (unsigned i = 0; i < workers; ++i) {
    std::optional<Filter> filter;
    if (asks_for_tags) {
      auto compiled = Filter::Compile(options.filter, model::LinkType::kEthernet);
      if (!compiled) return std::unexpected(compiled.error());
      filter = std::move(*compiled);
    }
    std::shared_ptr<Inbox> inbox;
    if (options.namespaces != nullptr && options.interfaces.empty()) {
      auto opened = Inbox::Open();
      if (!opened) return std::unexpected(opened.error());
      inbox = *opened;
      inboxes.push_back(inbox);
    }
    auto source = LiveSource::Make(options.wait, std::move(filter), *accept, std::move(inbox));
    if (!source) return std::unexpected(source.error());
    sources.push_back(std::move(*source));
  }
  const auto ring_bytes = static_cast<uint32_t>(options.ring_bytes / interfaces->size());
  std::vector<std::vector<std::unique_ptr<Ring>>> rings;
  for (const int interface : *interfaces) {
    auto opened = OpenRings({.interface = interface, .bytes = ring_bytes}, workers);
    if (!opened) return std::unexpected(OnInterface(options, interface, opened.error()));
    rings.push_back(std::move(*opened));
  }
  if (!inboxes.empty()) options.namespaces->Start(std::move(inboxes));
  std::vector<std::unique_ptr<Source>> result;
  // Only now, with all of them in their groups, does each packet reach one worker.
  for (unsigned i = 0; i < workers; ++i) {
    for (auto& of_interface : rings) {
      if (auto added = sources[i]->Add(std::move(of_interface[i])); !added) return std::unexpected(added.error());
    }
    result.push_back(std::move(sources[i]));
  }
  return result;
}

}  // namespace quaywatch::capture
