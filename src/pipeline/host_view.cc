// SPDX-License-Identifier: Apache-2.0
#include "pipeline/host_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dedup/speaker.h"

namespace quaywatch::pipeline {
namespace {

using model::Sightings;
using Way = dedup::Translations::Way;

// The kernel tells of a connection while its first packet is still on its way: looking again at the packets after
// it is enough.
constexpr uint8_t kMaxLooks = 4;
// Conntrack forgets no connection sooner than this after its last packet, unless another takes its addresses or it
// was reset.
constexpr base::Duration kPause = std::chrono::seconds(1);
// A silent flow whose original is recorded is of no more use: should more come, it is found out again.
constexpr base::Duration kSilentInactivity = std::chrono::seconds(30);
// Else it outlives any flow that may still turn out to be the original.
constexpr base::Duration kUnansweredInactivity = std::chrono::minutes(6);

bool HasPorts(const flow::Flow& flow) {
  return flow.transport == model::Transport::kTcp || flow.transport == model::Transport::kUdp;
}

struct End {
  model::IpAddress address;
  model::Port port;
};

End OriginatorOf(const model::FlowId& id) { return {id.orig_h, id.orig_p}; }
End ResponderOf(const model::FlowId& id) { return {id.resp_h, id.resp_p}; }

End EndOf(const flow::Flow& flow, model::Direction side) {
  return side == model::Direction::kOrig ? OriginatorOf(flow.id) : ResponderOf(flow.id);
}

// Where there are no ports, a flow's are its ICMP type and code and say nothing of the end.
bool IsSame(const End& a, const End& b, bool has_ports) {
  return a.address == b.address && (!has_ports || a.port == b.port);
}

// Is the flow's originator the connection's?
bool IsSameWay(const flow::Flow& flow, const model::Translation& translation) {
  const End originator = OriginatorOf(flow.id);
  return IsSame(originator, OriginatorOf(translation.original), HasPorts(flow)) ||
         IsSame(originator, OriginatorOf(translation.translated), HasPorts(flow));
}

std::string TextOf(const End& end, bool has_ports) {
  std::string text = end.address.ToString();
  if (!has_ports) return text;
  return fmt::format(fmt::runtime(end.address.is_v4() ? "{}:{}" : "[{}]:{}"), text, end.port.number);
}

// Of an end that has these two addresses, the one that `seen` is not; nothing if there is but one.
std::optional<std::string> OtherSide(const End& seen, const End& original, const End& translated, bool has_ports) {
  if (IsSame(original, translated, has_ports)) return std::nullopt;
  return TextOf(IsSame(seen, original, has_ports) ? translated : original, has_ports);
}

// Was the first packet seen one of the responder's? Asked of a connection that was going on already.
bool WasReversed(const flow::Flow& flow, const model::Datagram& first, Way way) {
  if (!HasPorts(flow)) return false;
  if (flow.tcp != nullptr && (!first.tcp.header_ok || (first.tcp.flags & model::kSyn) != 0)) return false;
  if (way != Way::kUnknown || flow.tcp == nullptr) return way == Way::kReverse;
  // Nobody knows it. Servers have the lower ports.
  return flow.id.orig_p.number < flow.id.resp_p.number;
}

}  // namespace

void HostView::Begin(flow::Flow& flow, const model::Datagram& datagram) {
  flow.host = std::make_unique<flow::HostFacts>();
  const auto way = LookForTranslation(flow, datagram.ts);
  if (WasReversed(flow, datagram, way)) flow.FlipRoles();
  if (!flow.host->silent) LookForOwners(flow);
  if (options_.proxy_links == nullptr || flow.host->translation || flow.key.zone != 0) return;
  // What was going on before says nothing of an order.
  if (flow.tcp != nullptr && (datagram.tcp.flags & (model::kSyn | model::kAck)) != model::kSyn) return;
  flow.host->may_be_linked = options_.proxy_links->Begin(flow);
}

void HostView::LookForOwners(flow::Flow& flow) const {
  if (!HasPorts(flow) || flow.key.zone != 0) return;
  const model::Endpoint orig{flow.id.orig_h, flow.id.orig_p.number, flow.transport, 0, nullptr};
  const model::Endpoint resp{flow.id.resp_h, flow.id.resp_p.number, flow.transport, 0, nullptr};
  auto& owners = flow.host->owners;
  if (options_.names->IsHostAddress(orig.address)) owners[0] = options_.owner_of(orig, resp);
  if (options_.names->IsHostAddress(resp.address)) owners[1] = options_.owner_of(resp, orig);
}

bool HostView::Counts(flow::Flow& flow, const flow::Conversation& ends, const model::Datagram& datagram) {
  flow::HostFacts& host = *flow.host;
  if (host.translation ? !host.silent && MayHaveChanged(flow, datagram) : host.translation_looks < kMaxLooks) {
    LookForTranslation(flow, datagram.ts);
  }
  const auto point = Sightings::At(datagram.netns, datagram.interface, datagram.outgoing);
  const uint8_t known_points = host.sightings.count;
  const auto side = ends.swapped ? model::Direction::kResp : model::Direction::kOrig;
  const bool speaks = dedup::Speaks(host.sightings, side, point, datagram.wire_packets, datagram.ts);
  if (!host.silent) {
    counters_.copies += !speaks;
    return speaks;
  }
  ++counters_.twin_packets;
  if (host.sightings.count != known_points) host.translation->AddPoint(point);
  if (speaks) {
    flow::SideCounters& sent = flow.side(flow.DirectionOf(datagram, ends.src_port));
    sent.packets += datagram.wire_packets;
    sent.ip_bytes += datagram.ip_length;
    flow.last_time = datagram.ts;
  }
  const bool is_recorded = host.translation->original_seen.load(std::memory_order_relaxed);
  flow.deadline = datagram.ts + (is_recorded ? kSilentInactivity : kUnansweredInactivity);
  return false;
}

HostView::Place HostView::PlaceOf(const flow::Flow& silent, model::Direction from, const model::Datagram& datagram) {
  if (!silent.host->silent) return {};
  const model::Translation& translation = *silent.host->translation;
  if (!options_.names->IsHostAddress(translation.original.orig_h)) return {};
  for (const model::FlowId& id : {translation.original, translation.translated}) {
    flow::Flow* const flow = find_(id, silent);
    if (flow == nullptr || flow->host->silent || flow->host->translation.get() != &translation) continue;
    Place place{flow, IsSameWay(silent, translation) == IsSameWay(*flow, translation) ? from : Reverse(from)};
    const bool is_first = flow->key.address_a == EndOf(*flow, place.from).address.mapped() &&
                          flow->key.port_a == EndOf(*flow, place.from).port.number;
    const auto side = is_first ? model::Direction::kOrig : model::Direction::kResp;
    const auto point = Sightings::At(datagram.netns, datagram.interface, datagram.outgoing);
    if (!dedup::Speaks(flow->host->sightings, side, point, datagram.wire_packets, datagram.ts)) return {};
    return place;
  }
  return {};
}

// The kernel forgets a connection, and gives its addresses to another, while we still have the flow.
bool HostView::MayHaveChanged(const flow::Flow& flow, const model::Datagram& datagram) const {
  const bool opens =
      flow.transport == model::Transport::kTcp && datagram.tcp.header_ok && (datagram.tcp.flags & model::kSyn) != 0;
  return opens || flow.host->translation->ended.load(std::memory_order_relaxed) ||
         datagram.ts - flow.last_time > kPause;
}

bool HostView::IsReused(const flow::Flow& flow, const model::Datagram& datagram) const {
  if (!MayHaveChanged(flow, datagram)) return false;
  return options_.translations->Find(flow.id, flow.ip_proto, datagram.ts).translation != flow.host->translation;
}

bool HostView::Conclude(flow::Flow& flow) {
  flow::HostFacts& host = *flow.host;
  if (host.silent) return !host.translation->original_seen.load(std::memory_order_relaxed);
  if (!host.translation) LookForTranslation(flow, flow.last_time);
  // The same addresses may come again while the kernel remembers them.
  if (host.translation) host.translation->claimed.store(false, std::memory_order_relaxed);
  return true;
}

Way HostView::LookForTranslation(flow::Flow& flow, base::Timestamp at) {
  if (options_.translations == nullptr) return Way::kUnknown;
  flow::HostFacts& host = *flow.host;
  host.translation_looks = static_cast<uint8_t>(std::min<int>(host.translation_looks + 1, UINT8_MAX));
  const auto found = options_.translations->Find(flow.id, flow.ip_proto, at);
  host.tracked |= found.tracked;
  if (found.form != dedup::Translations::Form::kNone && found.translation != host.translation) Join(flow, found);
  return found.way;
}

void HostView::Join(flow::Flow& flow, const dedup::Translations::Found& found) {
  flow::HostFacts& host = *flow.host;
  host.translation = found.translation;
  if (std::exchange(host.may_be_linked, false)) options_.proxy_links->Exclude(flow);
  // Who is behind the addresses is another question now.
  host.orig_settled = host.resp_settled = false;
  model::Translation& translation = *found.translation;
  const bool is_original = found.form == dedup::Translations::Form::kOriginal;
  if (is_original) translation.original_seen.store(true, std::memory_order_relaxed);
  // A connection that this machine opens itself is translated before its first packet reaches an interface.
  if (options_.all_interfaces && !options_.names->IsHostAddress(translation.original.orig_h)) {
    host.silent = !is_original;
    translation.claimed.store(true, std::memory_order_relaxed);
  } else {
    const bool original_speaks = !is_original && find_(translation.original, flow) != nullptr;
    host.silent = original_speaks || translation.claimed.exchange(true);
  }
  if (!host.silent) return;
  // Nothing is put together of it.
  flow.tcp.reset();
  flow.attachment.reset();
  ++counters_.twin_flows;
  for (size_t i = 0; i < host.sightings.count; ++i) translation.AddPoint(host.sightings.seen[i].point);
}

Ends HostView::EndsOf(const flow::Flow& flow) {
  const auto endpoint = [&](const model::IpAddress& address, model::Port port) {
    return model::Endpoint{address, port.number, flow.transport, flow.key.zone, nullptr};
  };
  Ends ends{endpoint(flow.id.orig_h, flow.id.orig_p), endpoint(flow.id.resp_h, flow.id.resp_p), flow.start};
  if (flow.host == nullptr) return ends;
  ends.orig.owner = flow.host->owners[0];
  ends.resp.owner = flow.host->owners[1];
  if (!flow.host->translation) return ends;
  const model::Translation& translation = *flow.host->translation;
  const Ends seen = ends;
  ends.orig = endpoint(translation.original.orig_h, translation.original.orig_p);
  ends.resp = endpoint(translation.translated.resp_h, translation.translated.resp_p);
  if (!IsSameWay(flow, translation)) std::swap(ends.orig, ends.resp);
  if (ends.orig.address == seen.orig.address) ends.orig.owner = seen.orig.owner;
  if (ends.resp.address == seen.resp.address) ends.resp.owner = seen.resp.owner;
  return ends;
}

void HostView::Recorded(const flow::Flow& flow, base::Timestamp now) {
  if (flow.host->may_be_linked) options_.proxy_links->End(flow, now);
}

void HostView::Describe(const flow::Flow& flow, base::Timestamp now, flow::ConnRecord& record) const {
  const flow::HostFacts& host = *flow.host;
  if (host.may_be_linked) {
    if (const model::Uid other = options_.proxy_links->LinkOf(flow, now); !other.empty()) record.linked = other;
  }
  std::vector<Sightings::Point> points;
  const auto add = [&](Sightings::Point point) {
    const auto same = [&](Sightings::Point other) {
      return Sightings::NetnsOf(other) == Sightings::NetnsOf(point) &&
             Sightings::IndexOf(other) == Sightings::IndexOf(point);
    };
    if (point != 0 && std::ranges::none_of(points, same)) points.push_back(point);
  };
  for (size_t i = 0; i < host.sightings.count; ++i) add(host.sightings.seen[i].point);
  if (host.translation) {
    for (const auto& point : host.translation->points) add(point.load(std::memory_order_relaxed));
  }
  record.sightings = points.size();
  record.interfaces.emplace();
  for (const Sightings::Point point : points) {
    const uint32_t netns = Sightings::NetnsOf(point);
    std::string name = options_.names->InterfaceName(netns, Sightings::IndexOf(point));
    if (name.empty()) name = std::to_string(Sightings::IndexOf(point));
    record.interfaces->items.push_back(netns == 0 ? name : fmt::format("net:{}/{}", netns, name));
  }

  model::Set<std::string_view> notes;
  if (flow.partial) notes.items.emplace_back("midstream");
  if (options_.translations == nullptr) {
    if (options_.is_live) notes.items.emplace_back("no_conntrack");
  } else if (!host.tracked && points.size() > 1 && HasPorts(flow) && !flow.id.resp_h.is_group()) {
    notes.items.emplace_back("untracked");
  }
  if (host.silent) notes.items.emplace_back("translated_only");
  if (!notes.items.empty()) record.notes = std::move(notes);

  if (!host.translation) {
    const Ends ends = EndsOf(flow);
    if (std::string service = options_.names->ServiceAt(ends.resp, flow.start); !service.empty()) {
      record.via_service = std::move(service);
    }
    return;
  }
  const model::Translation& translation = *host.translation;
  const model::FlowId& original = translation.original;
  const model::FlowId& translated = translation.translated;
  const bool has_ports = HasPorts(flow);
  const auto orig = [&](const End& seen) {
    return OtherSide(seen, OriginatorOf(original), OriginatorOf(translated), has_ports);
  };
  const auto resp = [&](const End& seen) {
    return OtherSide(seen, ResponderOf(original), ResponderOf(translated), has_ports);
  };
  const bool same_way = IsSameWay(flow, translation);
  record.nat_orig = same_way ? orig(OriginatorOf(flow.id)) : resp(OriginatorOf(flow.id));
  record.nat_resp = same_way ? resp(ResponderOf(flow.id)) : orig(ResponderOf(flow.id));
  record.at_responder = translated;
  const model::Endpoint asked{original.resp_h, original.resp_p.number, flow.transport, 0, nullptr};
  if (std::string service = options_.names->ServiceAt(asked, flow.start); !service.empty()) {
    record.via_service = std::move(service);
  }
}

}  // namespace quaywatch::pipeline
