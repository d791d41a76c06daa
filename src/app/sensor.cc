// SPDX-License-Identifier: Apache-2.0
#include "app/sensor.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "app/commands.h"
#include "app/status.h"
#include "enrich/containerd/containerd.h"
#include "enrich/docker/docker.h"
#include "enrich/kubernetes/kubernetes.h"

namespace quaywatch::app {
namespace {

// How often conntrack is read when no flow asks, and the machine's tunnels are.
constexpr auto kRefreshPause = std::chrono::milliseconds(100);

base::Timestamp WallClock() { return std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now()); }

void SayLine(std::string_view line) { Say(line); }

}  // namespace

enrich::DirectoryOptions DirectoryOptionsOf(const WatchOptions& options) {
  enrich::DirectoryOptions directory;
  if (!options.labels.empty()) directory.labels = options.labels;
  const char* const from_environment = std::getenv("NODE_NAME");
  if (!options.node.empty()) {
    directory.node = options.node;
  } else if (from_environment != nullptr) {
    directory.node = from_environment;
  }
  return directory;
}

Sensor::Sensor(const WatchOptions& options) : options_(options), directory_(DirectoryOptionsOf(options)) {}

Sensor::~Sensor() {
  server_.reset();
  stop_ = true;
  if (refresh_.joinable()) refresh_.join();
}

base::Result<std::unique_ptr<Sensor>> Sensor::Start(const WatchOptions& options) {
  std::unique_ptr<Sensor> sensor(new Sensor(options));
  sensor->OpenTranslations();
  if (auto started = sensor->StartSources(); !started) return std::unexpected(started.error());
  if (auto listening = sensor->Listen(); !listening) return std::unexpected(listening.error());
  return sensor;
}

void Sensor::OpenTranslations() {
  auto translations = dedup::Translations::Open({});
  if (translations) {
    translations_ = std::move(*translations);
    return;
  }
  no_translations_ = translations.error().message;
  Say("a connection whose addresses are translated is recorded before and after: " + no_translations_);
}

void Sensor::Refresh() {
  while (!stop_.load(std::memory_order_relaxed)) {
    if (translations_) translations_->CatchUp(WallClock());
    tunnels_ = std::make_shared<const std::vector<model::LocalTunnel>>(host_->LocalTunnels());
    proxy_links_.SetPorts(ProxyPorts());
    std::this_thread::sleep_for(kRefreshPause);
  }
}

std::vector<dedup::ProxyPort> Sensor::ProxyPorts() const {
  std::vector<dedup::ProxyPort> ports;
  for (const enrich::host::DockerProxy& proxy : host_->DockerProxies()) {
    ports.push_back({proxy.transport, proxy.host, proxy.host_port, proxy.container, proxy.container_port});
  }
  return ports;
}

base::Result<> Sensor::StartSources() {
  auto host = enrich::host::StartHost({.listener = &namespaces_}, directory_, SayLine);
  host_ = host.get();
  sources_.push_back(std::move(host));
  refresh_ = std::thread([this] { Refresh(); });
  if (options_.docker != "off") {
    sources_.push_back(enrich::docker::StartDocker({.socket = options_.docker}, directory_, SayLine));
  }
  if (options_.containerd != "off") {
    sources_.push_back(enrich::StartContainerd({.socket = options_.containerd}, directory_, SayLine));
  }
  if (options_.kubernetes != "off") {
    auto kubernetes =
        enrich::StartKubernetes({.kubeconfig = options_.kubernetes, .node = options_.node}, directory_, SayLine);
    if (!kubernetes) return std::unexpected(kubernetes.error());
    sources_.push_back(std::move(*kubernetes));
  }
  return {};
}

base::Result<> Sensor::Listen() {
  if (options_.socket == "off") return {};
  auto server = api::Server::Start(options_.socket, {
                                                        {"/v1/status", [this] { return Status(); }},
                                                        {"/v1/endpoints", [this] { return Endpoints(false); }},
                                                        {"/v1/endpoints?ended", [this] { return Endpoints(true); }},
                                                        {"/v1/state", [this] { return directory_.Save(WallClock()); }},
                                                    });
  if (!server) return std::unexpected(server.error());
  server_ = std::move(*server);
  return {};
}

// Outer addresses are the machine's own, and it has a tunnel of that kind and port.
bool Sensor::EndsHere(const model::Datagram& datagram) const {
  const auto tunnels = tunnels_.load();
  if (tunnels == nullptr || tunnels->empty()) return false;
  if (!directory_.IsHostAddress(datagram.src) && !directory_.IsHostAddress(datagram.dst)) return false;
  return std::ranges::any_of(*tunnels, [&](const model::LocalTunnel& tunnel) {
    if (datagram.transport == model::Transport::kUdp) return tunnel.udp_port == datagram.dst_port;
    const bool gre = tunnel.kind.find("gre") != std::string::npos || tunnel.kind == "erspan";
    return tunnel.udp_port == 0 && gre == (datagram.carries == model::TunnelType::kGre);
  });
}

pipeline::HostOptions Sensor::host_options() {
  pipeline::HostOptions options;
  options.names = &directory_;
  options.translations = translations_.get();
  options.proxy_links = &proxy_links_;
  options.ends_here = [this](const model::Datagram& datagram) { return EndsHere(datagram); };
  options.owner_of = [this](const model::Endpoint& own, const model::Endpoint& peer) {
    const auto owner = host_->OwnerOf({.transport = own.transport,
                                       .local = own.address,
                                       .local_port = own.port,
                                       .remote = peer.address,
                                       .remote_port = peer.port});
    return owner ? std::make_shared<const model::SocketOwner>(*owner) : nullptr;
  };
  return options;
}

void Sensor::SetTotals(const pipeline::Totals& totals) {
  const std::lock_guard lock(mutex_);
  totals_ = totals;
}

std::string Sensor::Status() const {
  SensorStatus status;
  {
    const std::lock_guard lock(mutex_);
    status.totals = totals_;
  }
  for (const auto& source : sources_) status.sources.push_back(source->status());
  status.no_translations = no_translations_;
  if (translations_) status.translations = translations_->counters();
  status.names = directory_.counters();
  status.namespaces = namespaces_.counters();
  return StatusJson(status);
}

std::string Sensor::Endpoints(bool with_ended) const { return EndpointsJson(directory_.Endpoints(with_ended)); }

}  // namespace quaywatch::app
