// SPDX-License-Identifier: Apache-2.0
#include "enrich/containerd/messages.h"

#include <containerd_proto/containers.pb.h>
#include <containerd_proto/events.pb.h>
#include <containerd_proto/namespaces.pb.h>
#include <containerd_proto/tasks.pb.h>

#include <array>
#include <utility>

#include "enrich/containerd/pod_labels.h"
#include "enrich/containerd/runtime_spec.h"

namespace quaywatch::enrich::containerd {
namespace {

namespace events = ::containerd::services::events::v1;
namespace containers = ::containerd::services::containers::v1;
namespace tasks = ::containerd::services::tasks::v1;
namespace namespaces = ::containerd::services::namespaces::v1;

constexpr std::string_view kPrepare = "/tasks/create";
constexpr std::string_view kStart = "/tasks/start";
constexpr std::string_view kExit = "/tasks/exit";
constexpr std::string_view kCreate = "/containers/create";
constexpr std::string_view kUpdate = "/containers/update";
constexpr std::string_view kDelete = "/containers/delete";

template <typename Message>
std::optional<Message> Parse(std::string_view bytes) {
  Message message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return std::nullopt;
  return message;
}

// Zero for times outside of this and the next two centuries.
base::Timestamp TimeOf(const events::Timestamp& time) {
  constexpr int64_t kMaxSeconds = 9'000'000'000;
  if (time.seconds() <= 0 || time.seconds() > kMaxSeconds) return {};
  const int32_t nanos = time.nanos() < 0 || time.nanos() > 999'999'999 ? 0 : time.nanos();
  return base::FromUnixNanos(time.seconds() * 1'000'000'000 + nanos);
}

Object ObjectOf(containers::Container& container, const std::string& group) {
  Object object;
  object.id = std::move(*container.mutable_id());
  object.group = group;
  object.image = std::move(*container.mutable_image());
  object.created = TimeOf(container.created_at());
  for (const auto& [key, value] : container.labels()) AddLabel(object, key, value);
  const auto kind = object.labels.find("io.cri-containerd.kind");
  if (kind != object.labels.end()) {
    object.kind = kind->second == "sandbox" ? Object::Kind::kSandbox : Object::Kind::kPodContainer;
    TakePodLabels(object);
  }
  if (object.kind == Object::Kind::kSandbox) object.image.clear();
  TakeSpec(container.spec().value(), object);
  return object;
}

Task TaskOf(const tasks::Process& process) {
  const bool alive = process.status() != tasks::UNKNOWN && process.status() != tasks::STOPPED;
  return {process.id().empty() ? process.container_id() : process.id(), process.pid(), alive};
}

}  // namespace

std::string SubscribeRequest() {
  events::SubscribeRequest request;
  for (const std::string_view topic : std::array{kPrepare, kStart, kExit, kCreate, kUpdate, kDelete}) {
    request.add_filters("topic==\"" + std::string(topic) + "\"");
  }
  return request.SerializeAsString();
}

std::optional<Event> ReadEvent(std::string_view envelope) {
  const auto message = Parse<events::Envelope>(envelope);
  if (!message) return std::nullopt;
  Event event{.group = message->namespace_(), .at = TimeOf(message->timestamp())};
  const std::string& payload = message->event().value();
  if (message->topic() == kPrepare) {
    const auto create = Parse<events::TaskCreate>(payload);
    if (!create) return std::nullopt;
    event.kind = Event::Kind::kPrepared;
    event.id = create->container_id();
    event.pid = create->pid();
  } else if (message->topic() == kStart) {
    const auto start = Parse<events::TaskStart>(payload);
    if (!start) return std::nullopt;
    event.kind = Event::Kind::kStarted;
    event.id = start->container_id();
    event.pid = start->pid();
  } else if (message->topic() == kExit) {
    const auto exit = Parse<events::TaskExit>(payload);
    if (!exit) return std::nullopt;
    event.kind = exit->id() == exit->container_id() ? Event::Kind::kExited : Event::Kind::kNothing;
    event.id = exit->container_id();
    if (const base::Timestamp at = TimeOf(exit->exited_at()); at != base::Timestamp{}) event.at = at;
  } else {
    const auto change = Parse<events::ContainerChange>(payload);
    if (!change) return std::nullopt;
    event.id = change->id();
    if (message->topic() == kDelete) {
      event.kind = Event::Kind::kDeleted;
    } else if (message->topic() != kCreate && message->topic() != kUpdate) {
      return std::nullopt;
    }
  }
  if (event.id.empty()) return std::nullopt;
  return event;
}

std::optional<std::vector<std::string>> ReadGroups(std::string_view response) {
  const auto message = Parse<namespaces::ListNamespacesResponse>(response);
  if (!message) return std::nullopt;
  std::vector<std::string> groups;
  for (const auto& group : message->namespaces()) {
    if (!group.name().empty()) groups.push_back(group.name());
  }
  return groups;
}

std::string ContainerRequest(std::string_view id) {
  containers::GetContainerRequest request;
  request.set_id(std::string(id));
  return request.SerializeAsString();
}

std::optional<Object> ReadContainer(std::string_view response, const std::string& group) {
  auto message = Parse<containers::GetContainerResponse>(response);
  if (!message || message->container().id().empty()) return std::nullopt;
  return ObjectOf(*message->mutable_container(), group);
}

std::optional<std::vector<Object>> ReadContainers(std::string_view response, const std::string& group) {
  auto message = Parse<containers::ListContainersResponse>(response);
  if (!message) return std::nullopt;
  std::vector<Object> objects;
  for (auto& container : *message->mutable_containers()) {
    if (!container.id().empty()) objects.push_back(ObjectOf(container, group));
  }
  return objects;
}

std::optional<std::vector<Task>> ReadTasks(std::string_view response) {
  const auto message = Parse<tasks::ListTasksResponse>(response);
  if (!message) return std::nullopt;
  std::vector<Task> all;
  for (const auto& process : message->tasks()) all.push_back(TaskOf(process));
  return all;
}

}  // namespace quaywatch::enrich::containerd
