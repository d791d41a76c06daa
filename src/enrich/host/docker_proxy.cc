// SPDX-License-Identifier: Apache-2.0
#include "enrich/host/docker_proxy.h"

#include <algorithm>
#include <charconv>

namespace quaywatch::enrich::host {
namespace {

std::string_view Argument(std::string_view& rest) {
  const size_t end = std::min(rest.find('\0'), rest.size());
  const std::string_view argument = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return argument;
}

uint16_t PortOf(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() ? port : 0;
}

}  // namespace

std::optional<DockerProxy> ProxyOfCommandLine(std::string_view command_line) {
  const std::string_view program = Argument(command_line);
  if (!program.ends_with("docker-proxy")) return std::nullopt;
  DockerProxy proxy;
  std::optional<model::IpAddress> host, container;
  bool known = true;
  while (!command_line.empty()) {
    std::string_view key = Argument(command_line);
    if (key.starts_with("--")) key.remove_prefix(1);
    if (!key.starts_with('-') || key == "-use-listen-fd") continue;
    // "-key value" or "-key=value".
    const size_t equals = key.find('=');
    const std::string_view value = equals == key.npos ? Argument(command_line) : key.substr(equals + 1);
    key = key.substr(0, equals);
    if (key == "-proto") {
      known = value == "tcp" || value == "udp";
      proxy.transport = value == "udp" ? model::Transport::kUdp : model::Transport::kTcp;
    } else if (key == "-host-ip") {
      host = model::IpAddress::Parse(value);
    } else if (key == "-host-port") {
      proxy.host_port = PortOf(value);
    } else if (key == "-container-ip") {
      container = model::IpAddress::Parse(value);
    } else if (key == "-container-port") {
      proxy.container_port = PortOf(value);
    }
  }
  if (!known || !host || !container || proxy.host_port == 0 || proxy.container_port == 0) return std::nullopt;
  proxy.host = *host;
  proxy.container = *container;
  return proxy;
}

}  // namespace quaywatch::enrich::host
