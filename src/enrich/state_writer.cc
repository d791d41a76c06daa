// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <simdjson.h>

#include <iterator>

#include "enrich/saved_state.h"
#include "enrich/state_time.h"

namespace quaywatch::enrich {
namespace {

std::string Quoted(std::string_view text) {
  const bool valid = simdjson::validate_utf8(text.data(), text.size());
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
    } else if (byte < 0x80 || valid) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + '"';
}

// "[a,b]", or with each element on a line of its own.
template <typename Items, typename Write>
std::string List(const Items& items, Write write, std::string_view separator = ",", std::string_view first = "") {
  std::string out = "[";
  for (const auto& item : items) {
    out += out.size() == 1 ? first : separator;
    out += write(item);
  }
  return out + ']';
}

template <typename Items, typename Write>
std::string Lines(const Items& items, Write write) {
  return List(items, write, ",\n  ", "\n  ");
}

std::string Addresses(const std::vector<model::IpAddress>& addresses) {
  return List(addresses, [](const model::IpAddress& address) { return Quoted(address.ToString()); });
}

// An object on one line, without what is empty.
class Object {
 public:
  Object& Raw(std::string_view key, std::string_view value) {
    out_ += out_.size() == 1 ? "\"" : ",\"";
    out_ += key;
    out_ += "\":";
    out_ += value;
    return *this;
  }
  Object& Text(std::string_view key, std::string_view value) { return value.empty() ? *this : Raw(key, Quoted(value)); }
  Object& Number(std::string_view key, uint64_t value) {
    return value == 0 ? *this : Raw(key, fmt::format_int(value).str());
  }
  Object& Time(std::string_view key, base::Timestamp value) {
    return value == base::Timestamp::max() ? *this : Text(key, TimeText(value));
  }
  std::string Done() { return std::move(out_) + '}'; }

 private:
  std::string out_ = "{";
};

std::string WriteClaim(const SavedState::SourceClaim& held) {
  const Claim& claim = held.claim;
  const model::Identity& identity = claim.identity;
  Object out;
  out.Text("source", SourceName(held.source)).Text("id", claim.id).Text("kind", model::KindName(identity.kind));
  out.Text("namespace", identity.space).Text("pod", identity.pod).Text("container", identity.container);
  out.Text("workload", identity.workload).Text("workload_kind", identity.workload_kind);
  out.Text("service", identity.service).Text("node", identity.node).Text("image", identity.image);
  if (!identity.labels.empty()) out.Raw("labels", List(identity.labels, Quoted));
  out.Text("name", identity.name);
  if (!claim.addresses.empty()) out.Raw("addresses", Addresses(claim.addresses));
  out.Text("container_id", claim.container_id).Text("pod_uid", claim.pod_uid);
  out.Number("netns", claim.netns).Text("interface", claim.interface);
  if (claim.host_network) out.Raw("host_network", "true");
  if (!claim.ports.empty()) {
    out.Raw("ports", List(claim.ports, [](uint16_t port) { return fmt::format_int(port).str(); }));
  }
  return out.Time("since", claim.since).Time("until", claim.until).Done();
}

std::string WriteService(const Service& service) {
  const auto port = [](const Service::ServicePort& one) {
    return Object()
        .Number("port", one.port)
        .Number("node_port", one.node_port)
        .Text("transport", model::TransportName(one.transport))
        .Done();
  };
  const auto endpoint = [](const Service::Endpoint& end) {
    return Object().Text("address", end.address.ToString()).Text("pod_uid", end.pod_uid).Done();
  };
  return Object()
      .Text("namespace", service.space)
      .Text("name", service.name)
      .Raw("addresses", Addresses(service.addresses))
      .Raw("ports", List(service.ports, port))
      .Raw("endpoints", List(service.endpoints, endpoint))
      .Done();
}

std::string WriteDnsName(const DnsName& name) {
  return Object()
      .Text("address", name.address.ToString())
      .Text("client", name.client.ToString())
      .Text("name", name.name)
      .Time("since", name.from)
      .Time("until", name.until)
      .Done();
}

std::string WriteInterface(const InterfaceNames::Named& named) {
  return Object()
      .Number("netns", named.netns)
      .Number("index", named.interface.index)
      .Text("name", named.interface.name)
      .Done();
}

}  // namespace

std::string WriteState(const SavedState& state) {
  return fmt::format(
      "{{\n\"quaywatch_state\": {},\n\"saved\": {},\n\"node\": {},\n\"host_addresses\": {},\n\"claims\": {},\n"
      "\"services\": {},\n\"dns_names\": {},\n\"interfaces\": {}\n}}\n",
      kStateVersion, Quoted(TimeText(state.saved)), Quoted(state.node), Addresses(state.host_addresses),
      Lines(state.claims, WriteClaim), Lines(state.services, WriteService), Lines(state.dns_names, WriteDnsName),
      Lines(state.interfaces, WriteInterface));
}

}  // namespace quaywatch::enrich
