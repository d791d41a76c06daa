// SPDX-License-Identifier: Apache-2.0
#include "app/status.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>

#include "app/watch.h"

namespace quaywatch::app {
namespace {

namespace json = boost::json;

// RFC 3339 in whole seconds; null for "never".
json::value TimeValue(base::Timestamp time) {
  if (time == base::Timestamp{} || time == base::Timestamp::max()) return nullptr;
  using namespace std::chrono;
  const auto second = floor<seconds>(time);
  const auto day = floor<days>(second);
  const year_month_day date(day);
  const hh_mm_ss clock(second - day);
  return json::value_from(fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                                      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                      clock.hours().count(), clock.minutes().count(), clock.seconds().count()));
}

json::object SourceObject(const enrich::SourceStatus& source) {
  return {{"source", enrich::SourceName(source.kind)},
          {"state", enrich::StateName(source.state)},
          {"where", source.where},
          {"detail", source.detail},
          {"since", TimeValue(source.since)},
          {"events", source.events},
          {"skipped", source.skipped},
          {"reconnects", source.reconnects}};
}

// Only what is set.
void PutText(json::object& object, std::string_view name, const std::string& text) {
  if (!text.empty()) object[name] = text;
}

json::object EndpointObject(const enrich::KnownEndpoint& endpoint) {
  const model::Identity& who = endpoint.identity;
  json::object object{{"kind", model::KindName(who.kind)}};
  PutText(object, "namespace", who.space);
  PutText(object, "pod", who.pod);
  PutText(object, "container", who.container);
  PutText(object, "workload", who.workload);
  PutText(object, "workload_kind", who.workload_kind);
  PutText(object, "service", who.service);
  PutText(object, "node", who.node);
  PutText(object, "image", who.image);
  PutText(object, "name", who.name);
  if (!who.labels.empty()) object["labels"] = json::value_from(who.labels);
  json::array& addresses = (object["addresses"] = json::array()).as_array();
  for (const model::IpAddress& address : endpoint.addresses) addresses.emplace_back(address.ToString());
  PutText(object, "interface", endpoint.interface);
  if (endpoint.netns != 0) object["netns"] = endpoint.netns;
  PutText(object, "container_id", endpoint.container_id);
  PutText(object, "pod_uid", endpoint.pod_uid);
  json::array& sources = (object["sources"] = json::array()).as_array();
  for (const enrich::SourceKind source : endpoint.sources) sources.emplace_back(enrich::SourceName(source));
  object["since"] = TimeValue(endpoint.since);
  object["until"] = TimeValue(endpoint.until);
  return object;
}

base::Result<json::value> Parse(const std::string& text) {
  boost::system::error_code failure;
  json::value value = json::parse(text, failure);
  if (failure) return base::Fail("the sensor's answer is no JSON; is it of another version?");
  return value;
}

std::string TextOf(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr) return {};
  if (const json::string* text = value->if_string()) return std::string(*text);
  if (value->is_null()) return {};
  return json::serialize(*value);
}

uint64_t CountOf(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_number() ? value->to_number<uint64_t>() : 0;
}

std::string Joined(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  std::string text;
  if (value == nullptr || !value->is_array()) return text;
  for (const json::value& item : value->as_array()) {
    if (const json::string* word = item.if_string()) text += (text.empty() ? "" : ",") + std::string(*word);
  }
  return text;
}

// Rows under a heading, each column as wide as its widest cell.
std::string Rows(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) line += fmt::format("{:<{}}  ", row[i], widths[i]);
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

// What capture misses, a line each.
void AddMissed(const pipeline::Totals& totals, const capture::NamespaceCounters& namespaces, json::array& lines) {
  for (const std::string& name : totals.capture.unsupported_interfaces) {
    lines.emplace_back(fmt::format("{}: its link type is not supported", name));
  }
  for (const auto& [netns, interface, reason] : namespaces.missed) {
    lines.emplace_back(fmt::format("{} in net:[{}]: {}", interface, netns, reason));
  }
  for (const auto& [netns, interface, dropped] : namespaces.losses) {
    lines.emplace_back(fmt::format("{} in net:[{}]: {} lost", interface, netns, Counted(dropped, "packet")));
  }
  if (namespaces.over_limit > 0) {
    lines.emplace_back(Counted(namespaces.over_limit, "network namespace") + " not entered: there were too many");
  }
}

}  // namespace

std::string StatusJson(const SensorStatus& status) {
  const pipeline::Totals& totals = status.totals;
  json::array not_seen;
  for (const std::string& loss : Losses(totals)) not_seen.emplace_back(loss);
  AddMissed(totals, status.namespaces, not_seen);
  if (!status.no_translations.empty()) {
    not_seen.emplace_back("which connections are one before and after address translation: " + status.no_translations);
  }
  json::array sources;
  for (const enrich::SourceStatus& source : status.sources) {
    sources.emplace_back(SourceObject(source));
    if (!source.detail.empty())
      not_seen.emplace_back(fmt::format("{}: {}", enrich::SourceName(source.kind), source.detail));
  }
  const json::object object{{"capture",
                             {{"packets", totals.capture.received},
                              {"bytes", totals.capture.bytes},
                              {"copies_suppressed", totals.host.copies},
                              {"twin_flows", totals.host.twin_flows},
                              {"twin_packets", totals.host.twin_packets},
                              {"connections", totals.flows.created - totals.host.twin_flows},
                              {"open", totals.flows.live}}},
                            {"namespaces",
                             {{"attached", status.namespaces.attached},
                              {"captured", status.namespaces.captured},
                              {"rings", status.namespaces.rings},
                              {"ring_bytes", status.namespaces.ring_bytes},
                              {"over_limit", status.namespaces.over_limit}}},
                            {"drops",
                             {{"ring_full", totals.capture.dropped},
                              {"ring_full_in_namespaces", totals.capture.dropped_in_namespaces},
                              {"unsupported_link_type", totals.capture.unsupported},
                              {"filtered", totals.capture.filtered},
                              {"bad_checksum", totals.decode.bad_checksum},
                              {"fragments", totals.decode.fragments_dropped},
                              {"connections_evicted", totals.flows.evicted},
                              {"streams_given_up", totals.streams_given_up}}},
                            {"translations",
                             {{"asked", status.no_translations.empty()},
                              {"events", status.translations.events},
                              {"translated", status.translations.translated},
                              {"live", status.translations.live},
                              {"forgotten", status.translations.forgotten},
                              {"overruns", status.translations.overruns}}},
                            {"names",
                             {{"claims", status.names.claims},
                              {"ended", status.names.ended},
                              {"forgotten", status.names.forgotten},
                              {"services", status.names.services},
                              {"dns_names", status.names.dns_names},
                              {"records_waited", totals.names.waited},
                              {"records_hurried", totals.names.hurried}}},
                            {"sources", sources},
                            {"not_seen", not_seen}};
  return json::serialize(object) + "\n";
}

std::string EndpointsJson(const std::vector<enrich::KnownEndpoint>& endpoints) {
  json::array array;
  for (const enrich::KnownEndpoint& endpoint : endpoints) array.emplace_back(EndpointObject(endpoint));
  return json::serialize(array) + "\n";
}

base::Result<std::string> StatusTable(const std::string& text) {
  auto value = Parse(text);
  if (!value) return std::unexpected(value.error());
  if (!value->is_object()) return base::Fail("the sensor's answer is not a status");
  const json::object& all = value->as_object();
  const auto part = [&](std::string_view name) {
    const json::value* found = all.if_contains(name);
    return found != nullptr && found->is_object() ? found->as_object() : json::object();
  };
  const json::object capture = part("capture");
  const json::object drops = part("drops");
  const json::object namespaces = part("namespaces");
  const json::object translations = part("translations");
  const json::object names = part("names");
  std::string out = fmt::format(
      "Seen      {} ({:.1f} MB): {}, {} of them open\n"
      "Copies    {} seen at further interfaces, {} of {} before or after translation: counted once\n"
      "Dropped   {} by the kernel because the ring was full\n"
      "Inside    {} of {}, by {}\n"
      "Names     {}, {}, {} of outside addresses\n\n",
      Counted(CountOf(capture, "packets"), "packet"), static_cast<double>(CountOf(capture, "bytes")) / 1e6,
      Counted(CountOf(capture, "connections"), "connection"), CountOf(capture, "open"),
      Counted(CountOf(capture, "copies_suppressed"), "packet"), Counted(CountOf(capture, "twin_packets"), "packet"),
      Counted(CountOf(capture, "twin_flows"), "flow"), Counted(CountOf(drops, "ring_full"), "packet"),
      CountOf(namespaces, "captured"), Counted(CountOf(namespaces, "attached"), "network namespace"),
      Counted(CountOf(namespaces, "rings"), "ring"), Counted(CountOf(names, "claims"), "claim"),
      Counted(CountOf(names, "services"), "service"), Counted(CountOf(names, "dns_names"), "name"));
  std::vector<std::vector<std::string>> rows{{"SOURCE", "STATE", "SINCE", "EVENTS", "WHERE"}};
  rows.push_back({"conntrack",
                  all.contains("translations") && translations.contains("asked") && translations.at("asked") == true
                      ? "working"
                      : "failing",
                  "", std::to_string(CountOf(translations, "events")), "kernel"});
  if (const json::value* sources = all.if_contains("sources"); sources != nullptr && sources->is_array()) {
    for (const json::value& source : sources->as_array()) {
      if (!source.is_object()) continue;
      const json::object& o = source.as_object();
      rows.push_back(
          {TextOf(o, "source"), TextOf(o, "state"), TextOf(o, "since"), TextOf(o, "events"), TextOf(o, "where")});
    }
  }
  out += Rows(rows);
  const json::value* not_seen = all.if_contains("not_seen");
  if (not_seen == nullptr || !not_seen->is_array() || not_seen->as_array().empty()) return out;
  out += "\nNot seen:\n";
  for (const json::value& line : not_seen->as_array()) {
    if (const json::string* words = line.if_string()) out += "  " + std::string(*words) + "\n";
  }
  return out;
}

base::Result<std::string> EndpointsTable(const std::string& text) {
  auto value = Parse(text);
  if (!value) return std::unexpected(value.error());
  if (!value->is_array()) return base::Fail("the sensor's answer is not a list of endpoints");
  std::vector<std::vector<std::string>> rows{
      {"KIND", "NAMESPACE", "NAME", "WORKLOAD", "ADDRESSES", "INTERFACE", "NETNS", "SOURCES", "SINCE", "UNTIL"}};
  for (const json::value& item : value->as_array()) {
    if (!item.is_object()) continue;
    const json::object& o = item.as_object();
    std::string name = TextOf(o, "pod");
    for (const std::string_view other : {"container", "name", "node"}) {
      if (name.empty()) name = TextOf(o, other);
    }
    std::string workload = TextOf(o, "workload");
    if (!workload.empty() && o.contains("workload_kind")) workload = TextOf(o, "workload_kind") + "/" + workload;
    rows.push_back({TextOf(o, "kind"), TextOf(o, "namespace"), name, workload, Joined(o, "addresses"),
                    TextOf(o, "interface"), TextOf(o, "netns"), Joined(o, "sources"), TextOf(o, "since"),
                    TextOf(o, "until")});
  }
  return Rows(rows);
}

}  // namespace quaywatch::app
