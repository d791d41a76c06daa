// SPDX-License-Identifier: Apache-2.0
//
// The directory as the Kubernetes source alone fills it, for tests. Reads a question per line, answers each with a line
// of JSON; what the source says goes to standard error.
//
//   kubernetes_view KUBECONFIG [NODE [own]]    own: pods of that node only
//
//   endpoints                   all that are there now
//   holder ADDRESS PORT         who is that?
//   service ADDRESS PORT tcp    "namespace/name"
//   status
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iostream>
#include <sstream>

#include "enrich/directory.h"
#include "enrich/kubernetes/kubernetes.h"

using namespace quaywatch;

namespace {

std::string Text(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20) {
      quoted += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string Json(const model::Identity& identity) {
  std::vector<std::string> labels;
  for (const auto& label : identity.labels) labels.push_back(Text(label));
  return fmt::format(
      R"("kind":{},"namespace":{},"pod":{},"container":{},"workload":{},"workload_kind":{},"service":{},"node":{},)"
      R"("image":{},"labels":[{}])",
      Text(model::KindName(identity.kind)), Text(identity.space), Text(identity.pod), Text(identity.container),
      Text(identity.workload), Text(identity.workload_kind), Text(identity.service), Text(identity.node),
      Text(identity.image), fmt::join(labels, ","));
}

std::string Json(const enrich::KnownEndpoint& endpoint) {
  std::vector<std::string> addresses;
  for (const auto& address : endpoint.addresses) addresses.push_back(Text(address.ToString()));
  return fmt::format(R"({{{},"addresses":[{}],"container_id":{},"pod_uid":{}}})", Json(endpoint.identity),
                     fmt::join(addresses, ","), Text(endpoint.container_id), Text(endpoint.pod_uid));
}

std::string Json(const enrich::SourceStatus& status) {
  return fmt::format(R"({{"state":{},"where":{},"detail":{},"events":{},"skipped":{},"reconnects":{}}})",
                     Text(enrich::StateName(status.state)), Text(status.where), Text(status.detail), status.events,
                     status.skipped, status.reconnects);
}

std::string Answer(const std::string& line, const enrich::Directory& directory, const enrich::Source& source) {
  std::istringstream words(line);
  std::string question, address, protocol;
  uint16_t port = 0;
  words >> question >> address >> port >> protocol;
  const auto now = std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now());
  const model::Endpoint end{.address = model::IpAddress::Parse(address).value_or(model::IpAddress{}),
                            .port = port,
                            .transport = protocol == "udp" ? model::Transport::kUdp : model::Transport::kTcp};
  if (question == "status") return Json(source.status());
  if (question == "service") return Text(directory.ServiceAt(end, now));
  if (question == "holder") {
    const auto answer = directory.HolderOf(end, {}, now, now);
    return answer.identity ? "{" + Json(*answer.identity) + "}" : "null";
  }
  std::vector<std::string> endpoints;
  for (const auto& endpoint : directory.Endpoints(false)) endpoints.push_back(Json(endpoint));
  return fmt::format("[{}]", fmt::join(endpoints, ","));
}

}  // namespace

int main(int argc, char** argv) {
  enrich::KubernetesOptions options;
  if (argc > 1) options.kubeconfig = argv[1];
  if (argc > 2) options.node = argv[2];
  options.pods_of_this_node_only = argc > 3;
  enrich::Directory directory({.labels = {"*"}, .node = options.node, .clock = {}});
  const auto source =
      enrich::StartKubernetes(options, directory, [](std::string_view line) { std::cerr << line << std::endl; });
  if (!source) {
    std::cerr << source.error().message << std::endl;
    return 1;
  }
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << Answer(line, directory, **source) << std::endl;
  }
  return 0;
}
