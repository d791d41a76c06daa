// SPDX-License-Identifier: Apache-2.0
#include "enrich/containerd/pod_labels.h"

#include <simdjson.h>

#include <utility>

namespace quaywatch::enrich::containerd {
namespace {

constexpr size_t kMaxPorts = 256;
constexpr size_t kMaxAnnotation = size_t{256} << 10;

// The value, which is then no label any more.
void Move(Labels& labels, std::string_view key, std::string& to) {
  const auto found = labels.find(std::string(key));
  if (found == labels.end()) return;
  to = std::move(found->second);
  labels.erase(found);
}

// "web-5d4f-x2x9z" without "-x2x9z"; empty if there is none.
std::string_view WithoutSuffix(std::string_view name) {
  const size_t dash = name.rfind('-');
  return dash == std::string_view::npos ? std::string_view() : name.substr(0, dash);
}

}  // namespace

void AddLabel(Object& object, const std::string& key, const std::string& value) {
  if (object.labels.size() >= kMaxLabels || key.size() + value.size() > kMaxLabel) return;
  object.labels.emplace(key, value);
}

std::vector<uint16_t> ReadPorts(std::string_view annotation) {
  std::vector<uint16_t> ports;
  if (annotation.size() > kMaxAnnotation) return ports;
  simdjson::dom::parser parser;
  simdjson::dom::array list;
  if (parser.parse(annotation.data(), annotation.size()).get(list) != simdjson::SUCCESS) return ports;
  for (const auto entry : list) {
    uint64_t port = 0;
    if (entry["containerPort"].get(port) != simdjson::SUCCESS || port == 0 || port > UINT16_MAX) continue;
    if (ports.size() < kMaxPorts) ports.push_back(static_cast<uint16_t>(port));
  }
  return ports;
}

void TakePodLabels(Object& object) {
  Move(object.labels, "io.kubernetes.pod.name", object.pod);
  Move(object.labels, "io.kubernetes.pod.namespace", object.space);
  Move(object.labels, "io.kubernetes.pod.uid", object.pod_uid);
  Move(object.labels, "io.kubernetes.container.name", object.name);
  std::erase_if(object.labels, [](const auto& label) { return label.first.starts_with("io.cri-containerd."); });
}

Owner OwnerOf(const std::string& pod, const Labels& labels) {
  const auto value = [&](const char* key) {
    const auto found = labels.find(key);
    return found == labels.end() ? std::string_view() : std::string_view(found->second);
  };
  if (value("statefulset.kubernetes.io/pod-name") == pod && !pod.empty()) {
    return {std::string(WithoutSuffix(pod)), "StatefulSet"};
  }
  for (const char* key : {"batch.kubernetes.io/job-name", "job-name"}) {
    if (!value(key).empty()) return {std::string(value(key)), "Job"};
  }
  // A Deployment's pods are named DEPLOYMENT-HASH-RANDOM, with the hash in a label.
  if (const std::string_view hash = value("pod-template-hash"); !hash.empty()) {
    const std::string_view set = WithoutSuffix(pod);
    if (set.ends_with(hash) && !WithoutSuffix(set).empty() &&
        WithoutSuffix(set).size() + 1 + hash.size() == set.size()) {
      return {std::string(WithoutSuffix(set)), "Deployment"};
    }
    return {};
  }
  // Left over with this label, and a generation, are a DaemonSet's pods: DAEMONSET-RANDOM.
  if (!value("controller-revision-hash").empty() && !value("pod-template-generation").empty()) {
    return {std::string(WithoutSuffix(pod)), "DaemonSet"};
  }
  return {};
}

}  // namespace quaywatch::enrich::containerd
