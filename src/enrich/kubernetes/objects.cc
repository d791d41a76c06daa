// SPDX-License-Identifier: Apache-2.0
#include "enrich/kubernetes/objects.h"

#include <simdjson.h>

#include <algorithm>

#include "enrich/kubernetes/times.h"

namespace quaywatch::enrich::kubernetes {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

// The member at the end of a path of names; nothing if there is none.
template <typename... Names>
std::optional<element> Find(element from, std::string_view name, Names... more) {
  element found;
  if (from[name].get(found) != simdjson::SUCCESS) return {};
  if constexpr (sizeof...(more) == 0) {
    return found;
  } else {
    return Find(found, more...);
  }
}

std::string Cut(std::string_view text) { return std::string(text.substr(0, kMaxText)); }

template <typename... Names>
std::string_view View(element from, Names... names) {
  std::string_view text;
  const auto found = Find(from, names...);
  if (!found || found->get(text) != simdjson::SUCCESS) return {};
  return text;
}

template <typename... Names>
std::string Text(element from, Names... names) {
  return Cut(View(from, names...));
}

template <typename... Names>
bool True(element from, Names... names) {
  bool value = false;
  const auto found = Find(from, names...);
  return found && found->get(value) == simdjson::SUCCESS && value;
}

template <typename... Names>
uint64_t Number(element from, Names... names) {
  uint64_t value = 0;
  const auto found = Find(from, names...);
  if (!found || found->get(value) != simdjson::SUCCESS) return 0;
  return value;
}

uint16_t PortOf(element from, std::string_view name) {
  const uint64_t number = Number(from, name);
  return number <= UINT16_MAX ? static_cast<uint16_t>(number) : 0;
}

template <typename... Names>
base::Timestamp Time(element from, Names... names) {
  return ParseTime(View(from, names...)).value_or(base::Timestamp{});
}

// Calls visit(element) for each of a list, if it is one.
template <typename Visit, typename... Names>
void ForEach(Visit visit, element from, Names... names) {
  array items;
  const auto found = Find(from, names...);
  if (!found || found->get(items) != simdjson::SUCCESS) return;
  for (const element item : items) visit(item);
}

void AddAddress(const model::IpAddress& address, std::vector<model::IpAddress>& addresses) {
  if (addresses.size() >= kMaxAddresses) return;
  if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
}

void AddAddress(std::string_view text, std::vector<model::IpAddress>& addresses) {
  if (const auto address = model::IpAddress::Parse(text)) AddAddress(*address, addresses);
}

// A list of texts, or of objects that have the text as a member.
template <typename... Names>
void AddAddresses(std::vector<model::IpAddress>& addresses, std::string_view member, element from, Names... names) {
  const auto add = [&](element item) {
    std::string_view text;
    if (item.get(text) != simdjson::SUCCESS) text = View(item, member);
    AddAddress(text, addresses);
  };
  ForEach(add, from, names...);
}

// What Multus says of further interfaces (the Network Plumbing Working Group's de-facto standard, 4.1.2): JSON in a
// text.
void AddNetworkStatus(element from, std::vector<model::IpAddress>& addresses) {
  const std::string_view text = View(from, "metadata", "annotations", "k8s.v1.cni.cncf.io/network-status");
  if (text.empty()) return;
  simdjson::dom::parser parser;
  element status;
  array networks;
  if (parser.parse(text.data(), text.size()).get(status) != simdjson::SUCCESS) return;
  if (status.get(networks) != simdjson::SUCCESS) return;
  for (const element network : networks) AddAddresses(addresses, {}, network, "ips");
}

// A node also sends from its ends of the pods' networks, for one when it masquerades for a pod of another node: the
// first two addresses of its range (an overlay's device has the first, a bridge the second), or what its network plugin
// wrote down.
void AddTunnelEnds(element from, std::vector<model::IpAddress>& addresses) {
  const auto add_range = [&](std::string_view range) {
    const auto first = model::IpAddress::Parse(range.substr(0, range.find('/')));
    if (!first) return;
    AddAddress(*first, addresses);
    auto bytes = first->mapped();
    ++bytes.back();
    AddAddress(model::IpAddress::V6(bytes.data()), addresses);
  };
  const auto add = [&](element range) {
    std::string_view text;
    if (range.get(text) == simdjson::SUCCESS) add_range(text);
  };
  ForEach(add, from, "spec", "podCIDRs");
  add_range(View(from, "spec", "podCIDR"));
  for (const std::string_view annotation :
       {"projectcalico.org/IPv4IPIPTunnelAddr", "projectcalico.org/IPv4VXLANTunnelAddr",
        "projectcalico.org/IPv6VXLANTunnelAddr", "network.cilium.io/ipv4-cilium-host",
        "network.cilium.io/ipv6-cilium-host", "io.cilium.network.ipv4-cilium-host",
        "io.cilium.network.ipv6-cilium-host"}) {
    AddAddress(View(from, "metadata", "annotations", annotation), addresses);
  }
}

std::vector<std::string> LabelsOf(element from) {
  std::vector<std::string> labels;
  object members;
  const auto found = Find(from, "metadata", "labels");
  if (!found || found->get(members) != simdjson::SUCCESS) return labels;
  for (const auto member : members) {
    std::string_view value;
    if (labels.size() >= kMaxLabels || member.value.get(value) != simdjson::SUCCESS) continue;
    labels.push_back(Cut(member.key) + "=" + Cut(value));
  }
  std::ranges::sort(labels);
  return labels;
}

Owner OwnerOf(element from) {
  Owner owner;
  const auto take = [&](element reference) {
    if (!owner.uid.empty() || !True(reference, "controller")) return;
    owner = {Text(reference, "kind"), Text(reference, "name"), Text(reference, "uid")};
  };
  ForEach(take, from, "metadata", "ownerReferences");
  return owner;
}

// "containerd://0123..." without the runtime's name.
std::string ContainerId(std::string_view text) {
  const size_t end = text.find("://");
  return Cut(end == std::string_view::npos ? text : text.substr(end + 3));
}

// When the API says a second, it was within that second.
constexpr base::Duration kGrain = std::chrono::seconds(1) - std::chrono::nanoseconds(1);

// What the statuses of a pod's containers tell.
struct Lives {
  size_t count = 0;
  bool running = false;  // one is, or may be started
  uint64_t restarts = 0;
  base::Timestamp first = base::Timestamp::max();
  base::Timestamp last{};
};

void ReadContainers(element from, std::string_view spec, std::string_view statuses, Pod& pod, Lives& lives) {
  const size_t begin = pod.containers.size();
  const auto declare = [&](element container) {
    if (pod.containers.size() >= kMaxContainers) return;
    auto& declared = pod.containers.emplace_back();
    declared.name = Text(container, "name");
    declared.image = Text(container, "image");
    const auto port = [&](element entry) {
      const uint16_t number = PortOf(entry, "containerPort");
      if (number != 0 && declared.ports.size() < kMaxPorts) declared.ports.push_back(number);
    };
    ForEach(port, container, "ports");
  };
  ForEach(declare, from, "spec", spec);
  const auto observe = [&](element status) {
    ++lives.count;
    lives.restarts += Number(status, "restartCount");
    for (const std::string_view state : {"running", "terminated"}) {
      const auto started = Time(status, "state", state, "startedAt");
      if (started != base::Timestamp{}) lives.first = std::min(lives.first, started);
    }
    if (Find(status, "state", "terminated")) {
      lives.last = std::max(lives.last, Time(status, "state", "terminated", "finishedAt"));
    } else {
      lives.running = true;
    }
    const std::string_view name = View(status, "name");
    for (size_t i = begin; i < pod.containers.size(); ++i) {
      if (pod.containers[i].name == name) pod.containers[i].id = ContainerId(View(status, "containerID"));
    }
  };
  ForEach(observe, from, "status", statuses);
}

// A pod has its addresses from the making of its sandbox: after startTime, before its first container. The earlier
// times are wrong where the address had another holder until just before.
base::Timestamp SinceOf(element from, const Lives& lives) {
  base::Timestamp network{};
  const auto look = [&](element condition) {
    const auto type = View(condition, "type");
    if (type != "PodReadyToStartContainers" && type != "PodHasNetwork") return;
    if (View(condition, "status") == "True") network = Time(condition, "lastTransitionTime");
  };
  ForEach(look, from, "status", "conditions");
  if (network != base::Timestamp{}) return network;
  if (lives.restarts == 0 && lives.first != base::Timestamp::max()) return lives.first;
  const auto started = Time(from, "status", "startTime");
  return started != base::Timestamp{} ? started : Time(from, "metadata", "creationTimestamp");
}

std::optional<Object> ReadPod(element from) {
  Pod pod;
  pod.uid = Text(from, "metadata", "uid");
  pod.name = Text(from, "metadata", "name");
  if (pod.uid.empty() || pod.name.empty()) return {};
  pod.space = Text(from, "metadata", "namespace");
  pod.node = Text(from, "spec", "nodeName");
  pod.owner = OwnerOf(from);
  pod.template_hash = Text(from, "metadata", "labels", "pod-template-hash");
  pod.labels = LabelsOf(from);
  pod.host_network = True(from, "spec", "hostNetwork");
  AddAddresses(pod.addresses, "ip", from, "status", "podIPs");
  AddAddress(View(from, "status", "podIP"), pod.addresses);
  AddNetworkStatus(from, pod.addresses);

  Lives lives;
  ReadContainers(from, "containers", "containerStatuses", pod, lives);
  const auto phase = View(from, "status", "phase");
  pod.over = phase == "Succeeded" || phase == "Failed" ||
             (Find(from, "metadata", "deletionTimestamp") && lives.count != 0 && !lives.running);
  if (pod.over && lives.last != base::Timestamp{}) pod.until = lives.last + kGrain;
  ReadContainers(from, "initContainers", "initContainerStatuses", pod, lives);
  ReadContainers(from, "ephemeralContainers", "ephemeralContainerStatuses", pod, lives);
  pod.since = SinceOf(from, lives);
  return pod;
}

std::optional<model::Transport> TransportOf(std::string_view protocol) {
  if (protocol == "TCP" || protocol.empty()) return model::Transport::kTcp;
  if (protocol == "UDP") return model::Transport::kUdp;
  return {};
}

std::optional<Object> ReadService(element from) {
  Service service;
  service.space = Text(from, "metadata", "namespace");
  service.name = Text(from, "metadata", "name");
  if (service.name.empty()) return {};
  AddAddresses(service.addresses, {}, from, "spec", "clusterIPs");
  AddAddress(View(from, "spec", "clusterIP"), service.addresses);  // servers before 1.20 have only this
  AddAddresses(service.addresses, {}, from, "spec", "externalIPs");
  AddAddress(View(from, "spec", "loadBalancerIP"), service.addresses);
  AddAddresses(service.addresses, "ip", from, "status", "loadBalancer", "ingress");
  const auto add = [&](element entry) {
    const auto transport = TransportOf(View(entry, "protocol"));
    const uint16_t port = PortOf(entry, "port");
    if (!transport || port == 0 || service.ports.size() >= kMaxPorts) return;
    service.ports.push_back({port, PortOf(entry, "nodePort"), *transport});
  };
  ForEach(add, from, "spec", "ports");
  return service;
}

// `from` has the reference to the pod.
void AddEndpoint(std::string_view text, element from, Slice& slice) {
  const auto address = model::IpAddress::Parse(text);
  if (!address || slice.endpoints.size() >= kMaxEndpoints) return;
  const bool is_pod = View(from, "targetRef", "kind") == "Pod";
  slice.endpoints.push_back({*address, is_pod ? Text(from, "targetRef", "uid") : std::string()});
}

// The same in v1 and v1beta1.
std::optional<Object> ReadSlice(element from) {
  Slice slice;
  slice.space = Text(from, "metadata", "namespace");
  slice.name = Text(from, "metadata", "name");
  slice.service = Text(from, "metadata", "labels", "kubernetes.io/service-name");
  if (slice.name.empty()) return {};
  const auto add = [&](element endpoint) {
    // Ready unless it says otherwise; one that is being stopped still answers what it has begun.
    bool ready = true;
    const auto said = Find(endpoint, "conditions", "ready");
    if (said && said->get(ready) == simdjson::SUCCESS && !ready && !True(endpoint, "conditions", "serving")) return;
    const auto address = [&](element item) {
      std::string_view text;
      if (item.get(text) == simdjson::SUCCESS) AddEndpoint(text, endpoint, slice);
    };
    ForEach(address, endpoint, "addresses");
  };
  ForEach(add, from, "endpoints");
  return slice;
}

std::optional<Object> ReadEndpoints(element from) {
  Slice slice;
  slice.space = Text(from, "metadata", "namespace");
  slice.name = Text(from, "metadata", "name");
  slice.service = slice.name;
  if (slice.name.empty()) return {};
  const auto subset = [&](element entry) {
    ForEach([&](element item) { AddEndpoint(View(item, "ip"), item, slice); }, entry, "addresses");
  };
  ForEach(subset, from, "subsets");
  return slice;
}

std::optional<Object> ReadNode(element from) {
  Node node;
  node.name = Text(from, "metadata", "name");
  if (node.name.empty()) return {};
  node.labels = LabelsOf(from);
  node.since = Time(from, "metadata", "creationTimestamp");
  const auto add = [&](element entry) {
    const auto type = View(entry, "type");
    if (type == "InternalIP" || type == "ExternalIP") AddAddress(View(entry, "address"), node.addresses);
  };
  ForEach(add, from, "status", "addresses");
  AddTunnelEnds(from, node.addresses);
  return node;
}

std::optional<Object> ReadOwned(element from) {
  Owned owned{Text(from, "metadata", "uid"), OwnerOf(from)};
  if (owned.uid.empty()) return {};
  return owned;
}

std::optional<Object> ReadObject(Kind kind, element from) {
  switch (kind) {
    case Kind::kPods:
      return ReadPod(from);
    case Kind::kServices:
      return ReadService(from);
    case Kind::kSlices:
      return ReadSlice(from);
    case Kind::kEndpoints:
      return ReadEndpoints(from);
    case Kind::kNodes:
      return ReadNode(from);
    case Kind::kReplicaSets:
    case Kind::kJobs:
      return ReadOwned(from);
  }
  return {};
}

}  // namespace

std::string KeyOf(const Object& object) {
  struct Visitor {
    std::string operator()(const Pod& pod) const { return pod.uid; }
    std::string operator()(const Service& service) const { return service.space + "/" + service.name; }
    std::string operator()(const Slice& slice) const { return slice.space + "/" + slice.name; }
    std::string operator()(const Node& node) const { return node.name; }
    std::string operator()(const Owned& owned) const { return owned.uid; }
  };
  return std::visit(Visitor{}, object);
}

std::optional<Page> ParsePage(Kind kind, std::string_view json) {
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) return {};
  const auto items = Find(root, "items");
  // An empty list may be written as null.
  if (!items || (!items->is_array() && !items->is_null())) return {};
  Page page;
  page.resource_version = Text(root, "metadata", "resourceVersion");
  if (page.resource_version.empty()) return {};
  // Tokens are some hundred digits long, and of no use when cut.
  page.next = std::string(View(root, "metadata", "continue"));
  const auto read = [&](element item) {
    if (auto object = ReadObject(kind, item)) {
      page.objects.push_back(std::move(*object));
    } else {
      ++page.skipped;
    }
  };
  ForEach(read, root, "items");
  return page;
}

std::optional<WatchEvent> ParseEvent(Kind kind, std::string_view line) {
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(line.data(), line.size()).get(root) != simdjson::SUCCESS) return {};
  const auto from = Find(root, "object");
  const auto type = View(root, "type");
  if (!from || type.empty()) return {};
  WatchEvent event;
  event.resource_version = Text(*from, "metadata", "resourceVersion");
  if (type == "ADDED" || type == "MODIFIED") {
    event.object = ReadObject(kind, *from);
  } else if (type == "DELETED") {
    event.type = WatchEvent::Type::kDeleted;
    event.object = ReadObject(kind, *from);
  } else if (type == "BOOKMARK") {
    event.type = WatchEvent::Type::kBookmark;
  } else if (type == "ERROR") {
    event.type = WatchEvent::Type::kError;
    event.code = static_cast<int>(std::min<uint64_t>(Number(*from, "code"), 999));
  } else {
    return {};
  }
  return event;
}

}  // namespace quaywatch::enrich::kubernetes
