// SPDX-License-Identifier: Apache-2.0
//
// What is kept of the Kubernetes API's objects, and how they are read from its JSON
// (kubernetes.io/docs/reference/kubernetes-api). Pure: bytes in, values out.
//
// Fields of a wrong type or out of bounds are taken as absent; an object without a name, or without a uid where it
// goes by that, is no object. Texts are cut at kMaxText, lists at their maxima below.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"
#include "enrich/directory.h"
#include "model/address.h"

namespace quaywatch::enrich::kubernetes {

enum class Kind : uint8_t { kPods, kServices, kSlices, kEndpoints, kNodes, kReplicaSets, kJobs };
inline constexpr size_t kKinds = 7;

inline constexpr size_t kMaxText = 512;
inline constexpr size_t kMaxLabels = 64;
inline constexpr size_t kMaxContainers = 64;
inline constexpr size_t kMaxAddresses = 64;      // of a pod, a service or a node
inline constexpr size_t kMaxPorts = 256;         // of a pod or a service
inline constexpr size_t kMaxEndpoints = 10'000;  // of a slice; the API allows 1,000

// The owner that controls an object.
struct Owner {
  std::string kind;
  std::string name;
  std::string uid;
  bool operator==(const Owner&) const = default;
};

struct PodContainer {
  std::string name;
  std::string image;
  std::string id;  // without the runtime's name before it; empty until it is made
  std::vector<uint16_t> ports;
  bool operator==(const PodContainer&) const = default;
};

struct Pod {
  std::string uid;
  std::string space;
  std::string name;
  std::string node;
  Owner owner;                      // empty: nobody's
  std::string template_hash;        // of the Deployment's ReplicaSet: the label pod-template-hash
  std::vector<std::string> labels;  // "key=value"
  std::vector<PodContainer> containers;
  std::vector<model::IpAddress> addresses;
  bool host_network = false;
  base::Timestamp since{};                         // at most a second before it had its addresses; zero: not said
  bool over = false;                               // all its containers ended, none will be started
  base::Timestamp until = base::Timestamp::max();  // of one that is over: when, or max if that is not said
  bool operator==(const Pod&) const = default;
};

// A part of what stands behind a service: an EndpointSlice, or the whole as Endpoints.
struct Slice {
  std::string space;
  std::string name;
  std::string service;  // empty: of none
  std::vector<Service::Endpoint> endpoints;
  bool operator==(const Slice&) const = default;
};

struct Node {
  std::string name;
  std::vector<std::string> labels;
  std::vector<model::IpAddress> addresses;
  base::Timestamp since{};
  bool operator==(const Node&) const = default;
};

// A ReplicaSet or a Job: only who owns it matters.
struct Owned {
  std::string uid;
  Owner owner;
  bool operator==(const Owned&) const = default;
};

using Object = std::variant<Pod, Service, Slice, Node, Owned>;

// Unique among the objects of one kind: a uid, a name, or namespace and name.
std::string KeyOf(const Object& object);

// One page of a list.
struct Page {
  std::vector<Object> objects;
  std::string resource_version;
  std::string next;  // where the next page begins ("continue"); empty: this was the last
  uint64_t skipped = 0;
};
// Nothing if it is no JSON or no list.
std::optional<Page> ParsePage(Kind kind, std::string_view json);

struct WatchEvent {
  enum class Type : uint8_t { kChanged, kDeleted, kBookmark, kError };
  Type type = Type::kChanged;
  std::optional<Object> object;  // of kChanged and kDeleted; nothing: made no sense
  std::string resource_version;  // of all but kError; empty: not said
  int code = 0;                  // of kError: as HTTP's
};
// Nothing if it is no JSON or no event.
std::optional<WatchEvent> ParseEvent(Kind kind, std::string_view line);

}  // namespace quaywatch::enrich::kubernetes
