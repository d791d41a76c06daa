// SPDX-License-Identifier: Apache-2.0
#include "enrich/containerd/runtime_spec.h"

#include <simdjson.h>

namespace quaywatch::enrich::containerd {
namespace {

constexpr size_t kMaxJson = size_t{4} << 20;

bool Parse(simdjson::dom::parser& parser, std::string_view json, simdjson::dom::element& into) {
  return json.size() <= kMaxJson && parser.parse(json.data(), json.size()).get(into) == simdjson::SUCCESS;
}

void TakeNetwork(const simdjson::dom::element& spec, Object& object) {
  simdjson::dom::array namespaces;
  if (spec["linux"]["namespaces"].get(namespaces) != simdjson::SUCCESS) return;
  bool own = false;
  for (const auto entry : namespaces) {
    std::string_view type;
    std::string_view path;
    if (entry["type"].get(type) != simdjson::SUCCESS || type != "network") continue;
    own = true;
    if (entry["path"].get(path) == simdjson::SUCCESS) object.netns_path = path;
  }
  object.host_network = object.host_network || !own;
}

}  // namespace

void TakeSpec(std::string_view json, Object& object) {
  simdjson::dom::parser parser;
  simdjson::dom::element spec;
  if (!Parse(parser, json, spec)) return;
  TakeNetwork(spec, object);
  std::string_view sandbox;
  if (object.kind == Object::Kind::kPodContainer &&
      spec["annotations"]["io.kubernetes.cri.sandbox-id"].get(sandbox) == simdjson::SUCCESS) {
    object.sandbox = sandbox;
  }
}

void TakeInfo(std::string_view json, Object& object) {
  simdjson::dom::parser parser;
  simdjson::dom::element info;
  if (!Parse(parser, json, info)) return;
  uint64_t pid = 0;
  if (info["pid"].get(pid) == simdjson::SUCCESS && pid <= UINT32_MAX) object.pid = static_cast<uint32_t>(pid);
  simdjson::dom::element spec;
  if (info["runtimeSpec"].get(spec) == simdjson::SUCCESS) TakeNetwork(spec, object);
}

}  // namespace quaywatch::enrich::containerd
