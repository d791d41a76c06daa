// SPDX-License-Identifier: Apache-2.0
#include "enrich/containerd/cri_messages.h"

#include <containerd_proto/cri.pb.h>

#include <utility>

#include "enrich/containerd/pod_labels.h"
#include "enrich/containerd/runtime_spec.h"

namespace quaywatch::enrich::containerd {
namespace {

namespace cri = ::runtime::v1;

constexpr int kMaxAddresses = 64;

template <typename Message>
std::optional<Message> Parse(std::string_view bytes) {
  Message message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return std::nullopt;
  return message;
}

base::Timestamp TimeOf(int64_t nanos) { return base::FromUnixNanos(nanos > 0 ? nanos : 0); }

// PodSandbox and PodSandboxStatus have the same fields as far as they go.
template <typename Sandbox>
Object SandboxOf(const Sandbox& sandbox) {
  Object object{.kind = Object::Kind::kSandbox, .by_cri = true, .id = sandbox.id(), .group = std::string(kCriGroup)};
  object.state = sandbox.state() == cri::SANDBOX_READY ? Object::State::kRunning : Object::State::kExited;
  object.created = TimeOf(sandbox.created_at());
  for (const auto& [key, value] : sandbox.labels()) AddLabel(object, key, value);
  TakePodLabels(object);
  object.pod = sandbox.metadata().name();
  object.pod_uid = sandbox.metadata().uid();
  object.space = sandbox.metadata().namespace_();
  return object;
}

void AddAddress(const std::string& text, Object& object) {
  if (const auto address = model::IpAddress::Parse(text)) object.addresses.push_back(*address);
}

Object::State StateOf(cri::ContainerState state) {
  switch (state) {
    case cri::CONTAINER_CREATED:
      return Object::State::kCreated;
    case cri::CONTAINER_RUNNING:
      return Object::State::kRunning;
    case cri::CONTAINER_EXITED:
      return Object::State::kExited;
    default:
      return Object::State::kUnknown;
  }
}

Object ContainerOf(const cri::Container& container) {
  Object object{
      .kind = Object::Kind::kPodContainer, .by_cri = true, .id = container.id(), .group = std::string(kCriGroup)};
  object.state = StateOf(container.state());
  object.created = TimeOf(container.created_at());
  for (const auto& [key, value] : container.labels()) AddLabel(object, key, value);
  TakePodLabels(object);
  if (!container.metadata().name().empty()) object.name = container.metadata().name();
  const std::string& asked_for = container.image().user_specified_image();
  object.image = asked_for.empty() ? container.image().image() : asked_for;
  object.sandbox = container.pod_sandbox_id();
  const auto ports = container.annotations().find(std::string(kPortsAnnotation));
  if (ports != container.annotations().end()) object.ports = ReadPorts(ports->second);
  return object;
}

}  // namespace

std::optional<std::vector<Object>> ReadSandboxes(std::string_view list_response) {
  const auto message = Parse<cri::ListPodSandboxResponse>(list_response);
  if (!message) return std::nullopt;
  std::vector<Object> objects;
  for (const auto& sandbox : message->items()) {
    if (!sandbox.id().empty()) objects.push_back(SandboxOf(sandbox));
  }
  return objects;
}

std::string SandboxRequest(std::string_view id) {
  cri::PodSandboxStatusRequest request;
  request.set_pod_sandbox_id(std::string(id));
  request.set_verbose(true);
  return request.SerializeAsString();
}

std::optional<Object> ReadSandbox(std::string_view status_response) {
  const auto message = Parse<cri::PodSandboxStatusResponse>(status_response);
  if (!message || message->status().id().empty()) return std::nullopt;
  const cri::PodSandboxStatus& status = message->status();
  Object object = SandboxOf(status);
  object.host_network = status.linux().namespaces().options().network() == cri::NODE;
  AddAddress(status.network().ip(), object);
  for (const auto& more : status.network().additional_ips()) {
    if (object.addresses.size() < kMaxAddresses) AddAddress(more.ip(), object);
  }
  const auto info = message->info().find("info");
  if (info != message->info().end()) TakeInfo(info->second, object);
  return object;
}

std::string PodContainersRequest(std::string_view id) {
  cri::ListContainersRequest request;
  if (!id.empty()) request.mutable_filter()->set_id(std::string(id));
  return request.SerializeAsString();
}

std::optional<std::vector<Object>> ReadPodContainers(std::string_view list_response) {
  const auto message = Parse<cri::ListContainersResponse>(list_response);
  if (!message) return std::nullopt;
  std::vector<Object> objects;
  for (const auto& container : message->containers()) {
    if (!container.id().empty()) objects.push_back(ContainerOf(container));
  }
  return objects;
}

std::optional<Event> ReadPodEvent(std::string_view response) {
  const auto message = Parse<cri::ContainerEventResponse>(response);
  if (!message || message->container_id().empty()) return std::nullopt;
  Event event{.group = std::string(kCriGroup), .id = message->container_id(), .at = TimeOf(message->created_at())};
  event.sandbox = message->pod_sandbox_status().id();
  switch (message->container_event_type()) {
    case cri::CONTAINER_CREATED_EVENT:
      event.kind = Event::Kind::kChanged;
      break;
    case cri::CONTAINER_STARTED_EVENT:
      event.kind = Event::Kind::kStarted;
      break;
    case cri::CONTAINER_STOPPED_EVENT:
      event.kind = Event::Kind::kExited;
      break;
    case cri::CONTAINER_DELETED_EVENT:
      event.kind = Event::Kind::kDeleted;
      break;
    default:
      return std::nullopt;
  }
  return event;
}

}  // namespace quaywatch::enrich::containerd
