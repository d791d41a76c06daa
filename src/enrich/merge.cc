// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "enrich/group.h"

namespace quaywatch::enrich {
namespace {

using model::EndpointKind;
using model::Identity;

constexpr size_t kDigitsShown = 12;

// One container of the group, as its claims tell.
struct Part {
  std::string id;
  std::string name;
  std::string image;
  std::vector<uint16_t> ports;
  bool named = false;         // by somebody who knows names
  bool sandbox = false;       // holds a pod's namespaces open and does nothing else
  bool alive = false;         // as its runtime says, else anybody
  bool runtime_told = false;  // when it lives
};

// Members in order of precedence. Within a source, what is said of the pod counts before what is said of one of its
// containers; then the holder's own container, those alive, and the latest.
std::vector<const Version*> ByPrecedence(const Group& group, base::Timestamp at) {
  std::vector<const Version*> members(group.members.begin(), group.members.end());
  const std::string& own = members.front()->claim.container_id;
  const auto rank = [&](const Version* v) {
    const bool of_pod = !v->claim.pod_uid.empty() && v->claim.identity.container.empty();
    return std::tuple(-static_cast<int>(v->word), v->source == SourceKind::kState, !of_pod,
                      v->claim.container_id != own, !v->ActiveAt(at), -base::ToUnixNanos(v->claim.since));
  };
  std::ranges::stable_sort(members, {}, rank);
  return members;
}

void Take(std::string& field, const std::string& value) {
  if (field.empty()) field = value;
}

Identity Fields(const std::vector<const Version*>& members) {
  Identity all;
  for (const Version* member : members) {
    const Identity& one = member->claim.identity;
    if (all.kind == EndpointKind::kUnknown || all.kind == EndpointKind::kNetns) {
      if (one.kind != EndpointKind::kUnknown) all.kind = one.kind;
    }
    Take(all.space, one.space);
    Take(all.pod, one.pod);
    Take(all.workload, one.workload);
    Take(all.workload_kind, one.workload_kind);
    Take(all.node, one.node);
    Take(all.name, one.name);
    if (all.labels.empty()) all.labels = one.labels;
    if (one.kind == EndpointKind::kPod || !member->claim.pod_uid.empty()) all.kind = EndpointKind::kPod;
  }
  if (!all.pod.empty()) all.kind = EndpointKind::kPod;
  return all;
}

void Describe(Part& part, const Version& version, base::Timestamp at) {
  const Identity& identity = version.claim.identity;
  const bool knows_names = version.word > SourceKind::kHost;
  if (knows_names && !part.named) {
    part.named = true;
    part.sandbox = identity.container.empty() && (identity.kind == EndpointKind::kPod || !identity.pod.empty());
  }
  Take(part.name, identity.container);
  Take(part.image, identity.image);
  if (part.ports.empty()) part.ports = version.claim.ports;
  const bool runtime = version.word == SourceKind::kDocker || version.word == SourceKind::kContainerd;
  if (runtime && !part.runtime_told) {
    part.runtime_told = true;
    part.alive = false;
  }
  if (runtime || !part.runtime_told) part.alive |= version.ActiveAt(at);
}

// The containers that a packet could be of.
std::vector<Part> Containers(const std::vector<const Version*>& members, const std::string& own, base::Timestamp at) {
  std::vector<Part> parts;
  for (const Version* member : members) {
    const std::string& id = member->claim.container_id;
    if (id.empty()) continue;
    auto part = std::ranges::find(parts, id, &Part::id);
    if (part == parts.end()) {
      parts.emplace_back().id = id;
      part = parts.end() - 1;
    }
    Describe(*part, *member, at);
  }
  std::erase_if(parts, &Part::sandbox);
  const auto keep = [&](bool Part::* what) {
    if (std::ranges::any_of(parts, what)) std::erase_if(parts, [&](const Part& part) { return !(part.*what); });
  };
  keep(&Part::alive);
  keep(&Part::named);
  for (Part& part : parts) Take(part.name, part.id.substr(0, kDigitsShown));
  std::ranges::stable_sort(parts, {}, [&](const Part& part) { return part.id != own; });
  return parts;
}

// Their values, each once, in order.
std::string Joined(const std::vector<Part>& parts, std::string Part::* what) {
  std::vector<std::string> seen;
  std::string joined;
  for (const Part& part : parts) {
    const std::string& value = part.*what;
    if (value.empty() || std::ranges::find(seen, value) != seen.end()) continue;
    seen.push_back(value);
    if (!joined.empty()) joined += ',';
    joined += value;
  }
  return joined;
}

std::string ServiceNames(const std::vector<const Version*>& members, const Services& services, base::Timestamp at) {
  std::vector<std::string> names;
  std::string pod_uid;
  for (const Version* member : members) Take(pod_uid, member->claim.pod_uid);
  for (const Version* member : members) {
    if (!member->claim.identity.service.empty()) names.push_back(member->claim.identity.service);
    if (!member->ActiveAt(at) || (member->claim.host_network && pod_uid.empty())) continue;
    for (const model::IpAddress& address : member->claim.addresses) services.NamesOf(address, pod_uid, names);
  }
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  std::string joined;
  for (const std::string& name : names) joined += (joined.empty() ? "" : ",") + name;
  return joined;
}

uint8_t Bit(SourceKind source) { return static_cast<uint8_t>(1u << static_cast<unsigned>(source)); }

// Who has not told yet what only he can.
uint8_t Awaited(const std::vector<const Version*>& members) {
  bool pod = false;
  bool kubernetes = false;
  std::map<std::string, bool> containers;
  for (const Version* member : members) {
    if (member->source == SourceKind::kState) continue;
    pod |= !member->claim.pod_uid.empty();
    kubernetes |= member->word == SourceKind::kKubernetes;
    if (!member->claim.container_id.empty()) {
      containers[member->claim.container_id] |= member->word > SourceKind::kHost;
    }
  }
  uint8_t awaited = 0;
  if (pod && !kubernetes) awaited |= Bit(SourceKind::kKubernetes);
  for (const auto& [id, named] : containers) {
    if (named) continue;
    awaited |= Bit(SourceKind::kDocker) | Bit(SourceKind::kContainerd);
    if (!kubernetes) awaited |= Bit(SourceKind::kKubernetes);
  }
  return awaited;
}

}  // namespace

Merged Merge(const Group& group, const Services& services, const std::string& local_node) {
  Version& holder = *group.members.front();
  const base::Timestamp at = group.at;
  const std::vector<const Version*> members = ByPrecedence(group, at);
  Merged merged;
  merged.from = group.from;
  merged.until = group.until;
  merged.awaited = Awaited(members);

  Identity identity = Fields(members);
  identity.service = ServiceNames(members, services, at);
  const bool here = std::ranges::any_of(
      members, [](const Version* v) { return v->claim.netns != 0 && v->source != SourceKind::kState; });
  if (here) Take(identity.node, local_node);

  const std::vector<Part> parts = Containers(members, holder.claim.container_id, at);
  for (const Version* member : members) {
    // What is said of the pod as a whole.
    if (!member->claim.container_id.empty() || member->word == SourceKind::kHost) continue;
    Take(identity.container, member->claim.identity.container);
    Take(identity.image, member->claim.identity.image);
  }
  const Identity whole = identity;
  const std::string names = Joined(parts, &Part::name);
  // Of a pod one name is enough; without, it takes all of them to tell who it may be.
  if (whole.pod.empty() || names.find(',') == std::string::npos) Take(identity.container, names);
  Take(identity.image, Joined(parts, &Part::image));
  if (!identity.container.empty() && identity.kind != EndpointKind::kPod && !parts.empty()) {
    identity.kind = EndpointKind::kContainer;
  }
  merged.identity = holder.last_name != nullptr && *holder.last_name == identity
                        ? holder.last_name
                        : std::make_shared<const Identity>(identity);
  holder.last_name = merged.identity;

  if (parts.size() < 2) return merged;
  std::map<uint16_t, const Part*> by_port;
  for (const Part& part : parts) {
    for (const uint16_t port : part.ports) {
      const auto [slot, is_new] = by_port.emplace(port, &part);
      if (!is_new && slot->second != &part) slot->second = nullptr;
    }
  }
  for (const auto& [port, part] : by_port) {
    if (part == nullptr) continue;
    Identity one = identity;
    one.container = part->name;
    if (!part->image.empty()) one.image = part->image;
    merged.by_port.push_back({port, std::make_shared<const Identity>(std::move(one))});
  }
  return merged;
}

}  // namespace quaywatch::enrich
