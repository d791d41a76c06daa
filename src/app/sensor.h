// SPDX-License-Identifier: Apache-2.0
//
// What a live sensor has besides the pipeline: those who know names, the kernel's translations, and the socket
// where people ask how it fares.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "api/server.h"
#include "app/command_line.h"
#include "capture/namespaces.h"
#include "dedup/proxy_links.h"
#include "dedup/translations.h"
#include "enrich/directory.h"
#include "enrich/host/host.h"
#include "enrich/source.h"
#include "pipeline/runner.h"

namespace quaywatch::app {

// The settings of names that read and live share.
enrich::DirectoryOptions DirectoryOptionsOf(const WatchOptions& options);

class Sensor {
 public:
  // Starts the sources of names: before privileges are dropped, which their threads keep. Fails with a line for a
  // person if something that the user asked for can't be had; what is only found out is never an error.
  static base::Result<std::unique_ptr<Sensor>> Start(const WatchOptions& options);
  // REQUIRES: the capture is over.
  ~Sensor();

  pipeline::HostOptions host_options();
  // For capture: told of the network namespaces of workloads.
  capture::Namespaces* namespaces() { return &namespaces_; }
  // How the capture fares, about twice a second.
  void SetTotals(const pipeline::Totals& totals);

 private:
  explicit Sensor(const WatchOptions& options);
  void OpenTranslations();
  void Refresh();
  base::Result<> StartSources();
  base::Result<> Listen();
  std::vector<dedup::ProxyPort> ProxyPorts() const;
  bool EndsHere(const model::Datagram& datagram) const;
  std::string Status() const;
  std::string Endpoints(bool with_ended) const;

  const WatchOptions& options_;
  enrich::Directory directory_;
  dedup::ProxyLinks proxy_links_{directory_};
  std::unique_ptr<dedup::Translations> translations_;
  std::string no_translations_;  // why there are none
  capture::Namespaces namespaces_;
  std::vector<std::unique_ptr<enrich::Source>> sources_;
  enrich::host::HostSource* host_ = nullptr;  // one of them
  mutable std::mutex mutex_;
  pipeline::Totals totals_;
  std::atomic<bool> stop_ = false;
  // Of the machine, as of a moment ago.
  std::atomic<std::shared_ptr<const std::vector<model::LocalTunnel>>> tunnels_;
  std::thread refresh_;
  std::unique_ptr<api::Server> server_;  // last: it asks all others
};

}  // namespace quaywatch::app
