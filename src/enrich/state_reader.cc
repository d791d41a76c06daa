// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <concepts>
#include <initializer_list>
#include <limits>
#include <optional>

#include "enrich/saved_state.h"
#include "enrich/services.h"
#include "enrich/state_time.h"

namespace quaywatch::enrich {
namespace {

namespace dom = simdjson::dom;

constexpr size_t kMaxDepth = 16;
constexpr size_t kMaxShown = 60;
constexpr std::string_view kRemedy = "mend it, or save the state again with 'quaywatch state save'";

// Where in the document we are, for messages: "claims[3].addresses[0]".
struct Place {
  const Place* outer = nullptr;
  std::string_view key;
  size_t index = 0;

  std::string Text() const {
    const std::string before = outer == nullptr ? "" : outer->Text();
    if (key.empty()) return before + fmt::format("[{}]", index);
    return before.empty() ? std::string(key) : fmt::format("{}.{}", before, key);
  }
};

// Reads values by their place. After the first that is wrong, error() says what it was.
class Reader {
 public:
  bool Wrong(const Place& place, std::string_view what) {
    if (error_.empty()) error_ = fmt::format("{}: {}; {}", place.Text(), what, kRemedy);
    return false;
  }
  const std::string& error() const { return error_; }

  bool Read(dom::element from, const Place& place, std::string& out) {
    std::string_view text;
    if (from.get(text) != simdjson::SUCCESS) return Wrong(place, "must be a text");
    if (text.size() > kMaxStateText) return Wrong(place, fmt::format("is longer than {} bytes", kMaxStateText));
    out = text;
    return true;
  }
  bool Read(dom::element from, const Place& place, bool& out) {
    return from.get(out) == simdjson::SUCCESS || Wrong(place, "must be true or false");
  }
  template <std::unsigned_integral Number>
    requires(!std::same_as<Number, bool>)
  bool Read(dom::element from, const Place& place, Number& out) {
    uint64_t number = 0;
    constexpr uint64_t kMost = std::numeric_limits<Number>::max();
    if (from.get(number) != simdjson::SUCCESS || number > kMost) {
      return Wrong(place, fmt::format("must be a whole number from 0 to {}", kMost));
    }
    out = static_cast<Number>(number);
    return true;
  }
  bool Read(dom::element from, const Place& place, base::Timestamp& out) {
    return ReadWord(from, place, out, ParseTimeText, "a time like 2026-01-31T12:00:00.5Z");
  }
  bool Read(dom::element from, const Place& place, model::IpAddress& out) {
    return ReadWord(from, place, out, model::IpAddress::Parse, "an IP address");
  }
  bool Read(dom::element from, const Place& place, model::EndpointKind& out) {
    using enum model::EndpointKind;
    return ReadName(from, place, out, model::KindName,
                    {kUnknown, kPod, kContainer, kNetns, kHost, kNode, kService, kOutside}, "a kind of endpoint");
  }
  bool Read(dom::element from, const Place& place, model::Transport& out) {
    using enum model::Transport;
    return ReadName(from, place, out, model::TransportName, {kTcp, kUdp, kIcmp, kUnknown}, "a transport");
  }
  bool Read(dom::element from, const Place& place, SourceKind& out) {
    using enum SourceKind;
    return ReadName(from, place, out, SourceName, {kState, kHost, kDocker, kContainerd, kKubernetes}, "a source");
  }
  template <typename T>
  bool Read(dom::element from, const Place& place, std::vector<T>& out) {
    return ReadList(from, place, kMaxStateList, out);
  }
  bool Read(dom::element from, const Place& place, Service::ServicePort& out) {
    return ReadObject(from, place, [&](dom::object o) {
      return Field(o, place, "port", out.port) && Field(o, place, "node_port", out.node_port) &&
             Field(o, place, "transport", out.transport);
    });
  }
  bool Read(dom::element from, const Place& place, Service::Endpoint& out) {
    return ReadObject(from, place, [&](dom::object o) {
      return Needed(o, place, "address", out.address) && Field(o, place, "pod_uid", out.pod_uid);
    });
  }
  bool Read(dom::element from, const Place& place, SavedState::SourceClaim& out) {
    Claim& claim = out.claim;
    return ReadObject(from, place, [&](dom::object o) {
      return Needed(o, place, "source", out.source) && Needed(o, place, "id", claim.id) &&
             ReadIdentity(o, place, claim.identity) && Field(o, place, "addresses", claim.addresses) &&
             Field(o, place, "container_id", claim.container_id) && Field(o, place, "pod_uid", claim.pod_uid) &&
             Field(o, place, "netns", claim.netns) && Field(o, place, "interface", claim.interface) &&
             Field(o, place, "host_network", claim.host_network) && Field(o, place, "ports", claim.ports) &&
             Field(o, place, "since", claim.since) && Field(o, place, "until", claim.until);
    });
  }
  bool Read(dom::element from, const Place& place, Service& out) {
    return ReadObject(from, place, [&](dom::object o) {
      return Field(o, place, "namespace", out.space) && Needed(o, place, "name", out.name) &&
             Field(o, place, "addresses", out.addresses) && Field(o, place, "ports", out.ports) &&
             Field(o, place, "endpoints", out.endpoints);
    });
  }
  bool Read(dom::element from, const Place& place, DnsName& out) {
    return ReadObject(from, place, [&](dom::object o) {
      return Needed(o, place, "address", out.address) && Needed(o, place, "client", out.client) &&
             Needed(o, place, "name", out.name) && Field(o, place, "since", out.from) &&
             Needed(o, place, "until", out.until);
    });
  }
  bool Read(dom::element from, const Place& place, InterfaceNames::Named& out) {
    return ReadObject(from, place, [&](dom::object o) {
      return Field(o, place, "netns", out.netns) && Needed(o, place, "index", out.interface.index) &&
             Needed(o, place, "name", out.interface.name);
    });
  }

  template <typename T>
  bool ReadList(dom::element from, const Place& place, size_t most, std::vector<T>& out) {
    dom::array list;
    if (from.get(list) != simdjson::SUCCESS) return Wrong(place, "must be a list");
    for (const dom::element element : list) {
      if (out.size() >= most) return Wrong(place, fmt::format("holds more than {} elements", most));
      const Place inner{&place, {}, out.size()};
      if (!Read(element, inner, out.emplace_back())) return false;
    }
    return true;
  }

  // What is missing stays as it is.
  template <typename T>
  bool Field(dom::object object, const Place& place, std::string_view key, T& out) {
    dom::element element;
    return object[key].get(element) != simdjson::SUCCESS || Read(element, {&place, key, 0}, out);
  }
  template <typename T>
  bool Needed(dom::object object, const Place& place, std::string_view key, T& out) {
    dom::element element;
    if (object[key].get(element) != simdjson::SUCCESS) return Wrong({&place, key, 0}, "is missing");
    if (!Read(element, {&place, key, 0}, out)) return false;
    if constexpr (std::same_as<T, std::string> || std::integral<T>) {
      if (out == T()) return Wrong({&place, key, 0}, "is empty");
    }
    return true;
  }

 private:
  template <typename T, typename Parse>
  bool ReadWord(dom::element from, const Place& place, T& out, Parse parse, std::string_view what) {
    std::string text;
    if (!Read(from, place, text)) return false;
    const std::optional<T> parsed = parse(std::string_view(text));
    if (!parsed) return Wrong(place, fmt::format("'{:.{}}' is not {}", text, kMaxShown, what));
    out = *parsed;
    return true;
  }

  template <typename T>
  bool ReadName(dom::element from, const Place& place, T& out, std::string_view (*name)(T),
                std::initializer_list<T> all, std::string_view what) {
    const auto parse = [&](std::string_view text) -> std::optional<T> {
      const auto found = std::ranges::find(all, text, name);
      return found == all.end() ? std::nullopt : std::optional(*found);
    };
    return ReadWord(from, place, out, parse, what);
  }

  template <typename ReadFields>
  bool ReadObject(dom::element from, const Place& place, ReadFields fields) {
    dom::object object;
    if (from.get(object) != simdjson::SUCCESS) return Wrong(place, "must be an object");
    return fields(object);
  }

  bool ReadIdentity(dom::object o, const Place& place, model::Identity& out) {
    return Field(o, place, "kind", out.kind) && Field(o, place, "namespace", out.space) &&
           Field(o, place, "pod", out.pod) && Field(o, place, "container", out.container) &&
           Field(o, place, "workload", out.workload) && Field(o, place, "workload_kind", out.workload_kind) &&
           Field(o, place, "service", out.service) && Field(o, place, "node", out.node) &&
           Field(o, place, "image", out.image) && Field(o, place, "labels", out.labels) &&
           Field(o, place, "name", out.name);
  }

  std::string error_;
};

}  // namespace

base::Result<SavedState> ReadState(std::string_view json) {
  if (json.size() > kMaxStateBytes) {
    return base::Fail(fmt::format("the state is larger than {} MiB", kMaxStateBytes >> 20));
  }
  dom::parser parser(kMaxStateBytes);
  if (parser.allocate(std::max<size_t>(json.size(), 64), kMaxDepth) != simdjson::SUCCESS) {
    return base::Fail("not enough memory to read the state");
  }
  dom::element root;
  dom::object object;
  if (const auto failed = parser.parse(json.data(), json.size()).get(root); failed != simdjson::SUCCESS) {
    return base::Fail(
        fmt::format("no valid JSON ({}): it may be cut off; {}", simdjson::error_message(failed), kRemedy));
  }
  uint64_t version = 0;
  if (root.get(object) != simdjson::SUCCESS || object["quaywatch_state"].get(version) != simdjson::SUCCESS) {
    return base::Fail(fmt::format("quaywatch_state: is missing, so this is no saved state; make one with {}",
                                  "'quaywatch state save'"));
  }
  if (version != kStateVersion) {
    return base::Fail(fmt::format("quaywatch_state: version {} is not known, only {}; use the program that saved it",
                                  version, kStateVersion));
  }
  SavedState state;
  Reader reader;
  const auto list = [&](std::string_view key, size_t most, auto& out) {
    dom::element element;
    return object[key].get(element) != simdjson::SUCCESS || reader.ReadList(element, {nullptr, key, 0}, most, out);
  };
  const Place top;
  const bool good = reader.Field(object, top, "saved", state.saved) && reader.Field(object, top, "node", state.node) &&
                    list("host_addresses", kMaxStateList, state.host_addresses) &&
                    list("claims", Directory::kMaxClaims, state.claims) &&
                    list("services", Services::kMax, state.services) &&
                    list("dns_names", Directory::kMaxDnsNames, state.dns_names) &&
                    list("interfaces", InterfaceNames::kMax, state.interfaces);
  if (!good) return base::Fail(reader.error());
  return state;
}

}  // namespace quaywatch::enrich
