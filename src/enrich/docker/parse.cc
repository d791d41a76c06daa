// SPDX-License-Identifier: Apache-2.0
#include "enrich/docker/parse.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace quaywatch::enrich::docker {
namespace {

namespace dom = simdjson::dom;
using Key = std::string_view;

std::string Text(dom::object object, Key key) {
  std::string_view text;
  if (object[key].get(text) != simdjson::SUCCESS) return {};
  return std::string(text.substr(0, kMaxText));
}

int64_t Number(dom::object object, Key key) {
  int64_t number = 0;
  return object[key].get(number) == simdjson::SUCCESS ? number : 0;
}

bool Truth(dom::object object, Key key) {
  bool truth = false;
  return object[key].get(truth) == simdjson::SUCCESS && truth;
}

std::optional<dom::object> Object(dom::object object, Key key) {
  dom::object found;
  if (object[key].get(found) != simdjson::SUCCESS) return std::nullopt;
  return found;
}

// Docker's own ids are hexadecimal, Swarm's are not, Podman has names here. It becomes part of a path.
bool IsNetworkId(std::string_view text) {
  return !text.empty() && text.size() <= 128 && text != "." && text != ".." && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' ||
           c == '.';
  });
}

std::string WithoutSlash(std::string name) {
  if (name.starts_with('/')) name.erase(0, 1);
  return name;
}

// What events say beside a container's labels, in the same object.
bool IsEventsOwn(std::string_view key) {
  constexpr std::array<std::string_view, 10> kKeys{"image",  "name",         "exitCode", "signal", "oldName",
                                                   "execID", "execDuration", "comment",  "podId",  "containerExitCode"};
  return std::ranges::find(kKeys, key) != kKeys.end();
}

void ReadLabels(dom::object object, bool of_event, Facts& facts) {
  size_t room = kMaxLabelBytes;
  for (const auto& [key, value] : object) {
    std::string_view text;
    if ((of_event && IsEventsOwn(key)) || value.get(text) != simdjson::SUCCESS || key.size() + text.size() > room) {
      continue;
    }
    room -= key.size() + text.size();
    facts.labels.emplace_back(key, text);
  }
  std::ranges::sort(facts.labels);
}

// "172.17.0.2", "172.17.0.2/16", ""
void ReadAddress(std::string_view text, std::vector<model::IpAddress>& out) {
  if (out.size() >= kMaxAttachments) return;
  if (const auto address = model::IpAddress::Parse(text.substr(0, text.find('/')))) out.push_back(*address);
}

void ReadAttachments(dom::object settings, Container& container) {
  const auto networks = Object(settings, "Networks");
  if (!networks) return;
  for (const auto& [name, value] : *networks) {
    dom::object network;
    if (container.attachments.size() >= kMaxAttachments || value.get(network) != simdjson::SUCCESS) continue;
    Attachment attachment;
    attachment.network = Text(network, "NetworkID");
    if (attachment.network.empty()) attachment.network = std::string(name.substr(0, kMaxText));
    ReadAddress(Text(network, "IPAddress"), attachment.addresses);
    ReadAddress(Text(network, "GlobalIPv6Address"), attachment.addresses);
    if (!attachment.addresses.empty()) container.attachments.push_back(std::move(attachment));
  }
}

void ReadNetwork(dom::object object, Container& container) {
  const auto host_config = Object(object, "HostConfig");
  const std::string mode = host_config ? Text(*host_config, "NetworkMode") : std::string();
  container.host_network = mode == "host";
  const auto settings = Object(object, "NetworkSettings");
  if (!settings) return;
  container.sandbox_key = Text(*settings, "SandboxKey");
  if (!mode.starts_with("container:")) ReadAttachments(*settings, container);
}

// {"80/tcp": {}, ...}
void ReadPorts(dom::object exposed, Container& container) {
  for (const auto& [key, value] : exposed) {
    uint16_t port = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), port);
    if (error == std::errc() && port != 0) container.exposed_ports.push_back(port);
  }
  std::ranges::sort(container.exposed_ports);
  const auto same = std::ranges::unique(container.exposed_ports);
  container.exposed_ports.erase(same.begin(), same.end());
}

std::optional<Container> ReadListed(dom::element element) {
  dom::object object;
  if (element.get(object) != simdjson::SUCCESS) return std::nullopt;
  Container container;
  container.id = Text(object, "Id");
  if (!IsContainerId(container.id)) return std::nullopt;
  dom::array names;
  if (object["Names"].get(names) == simdjson::SUCCESS) {
    for (const dom::element name : names) {
      std::string_view text;
      if (name.get(text) != simdjson::SUCCESS) continue;
      // Names given by legacy links ("/other/alias") come in between.
      const std::string plain = WithoutSlash(std::string(text.substr(0, kMaxText)));
      if (plain.find('/') == std::string::npos) container.facts.name = plain;
    }
  }
  container.facts.image = Text(object, "Image");
  if (const auto labels = Object(object, "Labels")) ReadLabels(*labels, false, container.facts);
  const std::string state = Text(object, "State");
  container.running = state == "running" || state == "paused" || state == "restarting";
  ReadNetwork(object, container);
  constexpr int64_t kMaxSeconds = 9'000'000'000;
  const int64_t created = std::clamp<int64_t>(Number(object, "Created"), 0, kMaxSeconds);
  container.created = base::FromUnixNanos(created * 1'000'000'000);
  return container;
}

Event::Kind KindOf(std::string_view type, std::string_view action) {
  using Kind = Event::Kind;
  struct Known {
    std::string_view type, action;
    Kind kind;
  };
  // Podman says "remove" and, in some versions, "died".
  constexpr std::array<Known, 10> kKnown{{{"container", "create", Kind::kCreate},
                                          {"container", "init", Kind::kInit},
                                          {"container", "start", Kind::kStart},
                                          {"container", "die", Kind::kDie},
                                          {"container", "died", Kind::kDie},
                                          {"container", "destroy", Kind::kDestroy},
                                          {"container", "remove", Kind::kDestroy},
                                          {"container", "rename", Kind::kRename},
                                          {"network", "connect", Kind::kConnect},
                                          {"network", "disconnect", Kind::kDisconnect}}};
  for (const Known& known : kKnown) {
    if (known.type == type && known.action == action) return known.kind;
  }
  return Kind::kOther;
}

base::Timestamp TimeOf(dom::object event) {
  if (const int64_t nanos = Number(event, "timeNano"); nanos > 0) return base::FromUnixNanos(nanos);
  const int64_t seconds = Number(event, "time");
  return seconds > 0 && seconds < 9'000'000'000 ? base::FromUnixNanos(seconds * 1'000'000'000) : base::Timestamp{};
}

std::optional<dom::element> Parse(dom::parser& parser, std::string_view json) {
  dom::element root;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) return std::nullopt;
  return root;
}

std::optional<dom::object> ParseObject(dom::parser& parser, std::string_view json) {
  const auto root = Parse(parser, json);
  dom::object object;
  if (!root || root->get(object) != simdjson::SUCCESS) return std::nullopt;
  return object;
}

}  // namespace

bool IsContainerId(std::string_view text) {
  return text.size() == 64 &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::optional<ApiVersion> ParseApiVersion(std::string_view text) {
  ApiVersion version;
  const char* const end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, version.major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return std::nullopt;
  const auto minor = std::from_chars(major.ptr + 1, end, version.minor);
  if (minor.ec != std::errc() || minor.ptr != end || version.major < 0 || version.minor < 0) return std::nullopt;
  return version;
}

base::Timestamp ParseTime(std::string_view text) {
  // The fixed part, "2026-11-22T22:54:33", has numbers at these places.
  struct Field {
    size_t at, size;
    int value;
  };
  std::array<Field, 6> fields{{{0, 4, 0}, {5, 2, 0}, {8, 2, 0}, {11, 2, 0}, {14, 2, 0}, {17, 2, 0}}};
  if (text.size() < 20) return {};
  const auto read = [&](size_t at, size_t size, int& value) {
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + at + size, value);
    return error == std::errc() && end == text.data() + at + size && value >= 0;
  };
  for (Field& field : fields) {
    if (!read(field.at, field.size, field.value)) return {};
  }
  const std::chrono::year_month_day day{std::chrono::year(fields[0].value), std::chrono::month(fields[1].value),
                                        std::chrono::day(fields[2].value)};
  if (!day.ok() || fields[0].value < 1970 || fields[0].value > 2200 || fields[3].value > 23 || fields[4].value > 59 ||
      fields[5].value > 60) {
    return {};
  }
  base::Timestamp time = std::chrono::sys_days(day);
  time += std::chrono::hours(fields[3].value) + std::chrono::minutes(fields[4].value) +
          std::chrono::seconds(fields[5].value);
  size_t at = 19;
  if (text[at] == '.') {
    int64_t unit = 100'000'000;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10) {
      time += base::Duration((text[at] - '0') * unit);
    }
  }
  if (at + 1 == text.size() && text[at] == 'Z') return time;
  int hours = 0;
  int minutes = 0;
  if (at + 6 != text.size() || (text[at] != '+' && text[at] != '-') || !read(at + 1, 2, hours) ||
      !read(at + 4, 2, minutes)) {
    return {};
  }
  const base::Duration offset = std::chrono::hours(hours) + std::chrono::minutes(minutes);
  return text[at] == '+' ? time - offset : time + offset;
}

std::optional<Version> ParseVersion(std::string_view json) {
  dom::parser parser;
  const auto object = ParseObject(parser, json);
  if (!object) return std::nullopt;
  const auto newest = ParseApiVersion(Text(*object, "ApiVersion"));
  if (!newest) return std::nullopt;
  Version version;
  version.engine = Text(*object, "Version");
  version.newest = *newest;
  version.oldest = ParseApiVersion(Text(*object, "MinAPIVersion")).value_or(ApiVersion{});
  return version;
}

std::optional<Event> ParseEvent(std::string_view json) {
  dom::parser parser;
  const auto object = ParseObject(parser, json);
  if (!object) return std::nullopt;
  Event event;
  event.kind = KindOf(Text(*object, "Type"), Text(*object, "Action"));
  if (event.kind == Event::Kind::kOther) return event;
  event.at = TimeOf(*object);
  const auto actor = Object(*object, "Actor");
  if (!actor || event.at == base::Timestamp{}) return std::nullopt;
  const std::string id = Text(*actor, "ID");
  const auto attributes = Object(*actor, "Attributes");
  if (event.kind == Event::Kind::kConnect || event.kind == Event::Kind::kDisconnect) {
    if (attributes) event.container = Text(*attributes, "container");
    if (event.container.empty()) {
      event.container = id;
    } else if (IsNetworkId(id)) {
      event.network = id;
    }
    event.host_network = attributes && Text(*attributes, "type") == "host";
  } else {
    event.container = id;
    if (attributes) {
      event.facts.name = WithoutSlash(Text(*attributes, "name"));
      event.facts.image = Text(*attributes, "image");
      ReadLabels(*attributes, true, event.facts);
    }
  }
  if (!IsContainerId(event.container)) return std::nullopt;
  return event;
}

std::optional<Container> ParseContainer(std::string_view json) {
  dom::parser parser;
  const auto object = ParseObject(parser, json);
  if (!object) return std::nullopt;
  Container container;
  container.id = Text(*object, "Id");
  if (!IsContainerId(container.id)) return std::nullopt;
  container.facts.name = WithoutSlash(Text(*object, "Name"));
  if (const auto config = Object(*object, "Config")) {
    container.facts.image = Text(*config, "Image");
    if (const auto labels = Object(*config, "Labels")) ReadLabels(*labels, false, container.facts);
    if (const auto exposed = Object(*config, "ExposedPorts")) ReadPorts(*exposed, container);
  }
  if (const auto state = Object(*object, "State")) {
    container.pid = std::max<int64_t>(Number(*state, "Pid"), 0);
    // Podman's network is there before the container runs.
    container.running = Truth(*state, "Running") || Truth(*state, "Restarting") || container.pid > 0;
    container.started = ParseTime(Text(*state, "StartedAt"));
    container.finished = ParseTime(Text(*state, "FinishedAt"));
  }
  ReadNetwork(*object, container);
  return container;
}

std::optional<ContainerList> ParseContainerList(std::string_view json) {
  dom::parser parser;
  const auto root = Parse(parser, json);
  dom::array array;
  if (!root || root->get(array) != simdjson::SUCCESS) return std::nullopt;
  ContainerList list;
  for (const dom::element element : array) {
    if (auto container = ReadListed(element)) {
      list.containers.push_back(std::move(*container));
    } else {
      ++list.skipped;
    }
  }
  return list;
}

std::optional<Network> ParseNetwork(std::string_view json) {
  dom::parser parser;
  const auto object = ParseObject(parser, json);
  if (!object) return std::nullopt;
  Network network;
  const auto members = Object(*object, "Containers");
  if (!members) return network;
  for (const auto& [id, value] : *members) {
    dom::object fields;
    if (!IsContainerId(id) || value.get(fields) != simdjson::SUCCESS) continue;
    Network::Member member{std::string(id), {}};
    ReadAddress(Text(fields, "IPv4Address"), member.addresses);
    ReadAddress(Text(fields, "IPv6Address"), member.addresses);
    if (!member.addresses.empty()) network.members.push_back(std::move(member));
  }
  return network;
}

}  // namespace quaywatch::enrich::docker
