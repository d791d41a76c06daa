// SPDX-License-Identifier: Apache-2.0
#include "model/identity.h"

#include <algorithm>
#include <array>

namespace quaywatch::model {
namespace {

constexpr std::array<std::string_view, 8> kKinds{"unknown", "pod",  "container", "netns",
                                                 "host",    "node", "service",   "outside"};

enum class Side : uint8_t { kOrig, kResp };

template <Side kSide>
const Identity* Of(const void* record) {
  const auto& parties = *static_cast<const Parties*>(record);
  return (kSide == Side::kOrig ? parties.orig : parties.resp).get();
}

template <Side kSide, std::string Identity::* kMember>
Value Text(const void* record) {
  const Identity* identity = Of<kSide>(record);
  return identity == nullptr || (identity->*kMember).empty() ? Value() : Value(identity->*kMember);
}

template <Side kSide>
Value Kind(const void* record) {
  const Identity* identity = Of<kSide>(record);
  return identity == nullptr ? Value() : Value(KindName(identity->kind));
}

template <Side kSide>
Value Labels(const void* record) {
  const Identity* identity = Of<kSide>(record);
  return identity == nullptr || identity->labels.empty() ? Value() : Value(identity->labels);
}

Column TextColumn(std::string_view name, std::string_view help, Value (*get)(const void*)) {
  return {name, ColumnType::kString, Container::kNone, {}, help, get, nullptr};
}

// The names are written out, so that they can be found.
#define QUAYWATCH_PARTY_COLUMNS(side, Side_, who)                                                                      \
  Column{side ".kind",                                                                                                 \
         ColumnType::kEnum,                                                                                            \
         Container::kNone,                                                                                             \
         {},                                                                                                           \
         who " is: pod, container, netns, host, node, service, outside or unknown",                                    \
         &Kind<Side_>,                                                                                                 \
         nullptr},                                                                                                     \
      TextColumn(side ".namespace", who "'s Kubernetes namespace or Compose project", &Text<Side_, &Identity::space>), \
      TextColumn(side ".pod", who "'s pod", &Text<Side_, &Identity::pod>),                                             \
      TextColumn(side ".container", who "'s container", &Text<Side_, &Identity::container>),                           \
      TextColumn(side ".workload", who "'s workload: the Deployment behind the ReplicaSet, and so on",                 \
                 &Text<Side_, &Identity::workload>),                                                                   \
      TextColumn(side ".workload_kind", "What that is: Deployment, DaemonSet, CronJob, ...",                           \
                 &Text<Side_, &Identity::workload_kind>),                                                              \
      TextColumn(side ".service", "Services " who " answers for", &Text<Side_, &Identity::service>),                   \
      TextColumn(side ".node", "Machine " who " runs on", &Text<Side_, &Identity::node>),                              \
      TextColumn(side ".image", who "'s image", &Text<Side_, &Identity::image>),                                       \
      Column{side ".labels",                                                                                           \
             ColumnType::kString,                                                                                      \
             Container::kSet,                                                                                          \
             {},                                                                                                       \
             who "'s labels, those chosen (--labels)",                                                                 \
             &Labels<Side_>,                                                                                           \
             nullptr},                                                                                                 \
      TextColumn(side ".name", who "'s other name: of an outside address, what the client had looked up",              \
                 &Text<Side_, &Identity::name>)

}  // namespace

std::string_view KindName(EndpointKind kind) { return kKinds[static_cast<size_t>(kind)]; }

EndpointKind KindOf(std::string_view name) {
  const auto found = std::ranges::find(kKinds, name);
  return found == kKinds.end() ? EndpointKind::kUnknown : static_cast<EndpointKind>(found - kKinds.begin());
}

const std::vector<Column>& PartyColumns() {
  static const std::vector<Column> columns{QUAYWATCH_PARTY_COLUMNS("orig", Side::kOrig, "the originator"),
                                           QUAYWATCH_PARTY_COLUMNS("resp", Side::kResp, "the responder")};
  return columns;
}

}  // namespace quaywatch::model
