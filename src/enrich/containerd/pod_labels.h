// SPDX-License-Identifier: Apache-2.0
//
// What the kubelet writes on the containers it has a runtime start, and what a pod's labels tell of its owner.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "enrich/containerd/object.h"

namespace quaywatch::enrich::containerd {

// Labels over kMaxLabels, or longer than containerd allows, are left out.
inline constexpr size_t kMaxLabels = 256;
inline constexpr size_t kMaxLabel = 4096;  // key and value
void AddLabel(Object& object, const std::string& key, const std::string& value);

// JSON: [{"containerPort": 80, "protocol": "TCP"}, ...].
inline constexpr std::string_view kPortsAnnotation = "io.kubernetes.container.ports";
std::vector<uint16_t> ReadPorts(std::string_view annotation);

// Moves the labels io.kubernetes.pod.{name,namespace,uid} and io.kubernetes.container.name into their fields, and
// drops the runtime's own (io.cri-containerd.*).
void TakePodLabels(Object& object);

// The owner at the end of the chain, as far as the labels prove it: controllers sign the pods they make. Both empty
// if they don't. A Job that a CronJob made is told as the Job.
struct Owner {
  std::string name;
  std::string_view kind;
};
Owner OwnerOf(const std::string& pod, const Labels& labels);

}  // namespace quaywatch::enrich::containerd
