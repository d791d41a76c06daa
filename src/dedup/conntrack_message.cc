// SPDX-License-Identifier: Apache-2.0
#include "dedup/conntrack_message.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>

#include <array>
#include <optional>

namespace quaywatch::dedup {
namespace {

template <size_t N>
using Attributes = std::array<const nlattr*, N + 1>;

// The attributes in `size` bytes by their type, those up to N.
template <size_t N>
Attributes<N> AttributesIn(const void* begin, size_t size) {
  Attributes<N> found{};
  const auto* end = static_cast<const char*>(begin) + size;
  for (const auto* attr = static_cast<const nlattr*>(begin);
       mnl_attr_ok(attr, static_cast<int>(end - reinterpret_cast<const char*>(attr))); attr = mnl_attr_next(attr)) {
    if (mnl_attr_get_type(attr) <= N) found[mnl_attr_get_type(attr)] = attr;
  }
  return found;
}

template <size_t N>
Attributes<N> Nested(const nlattr* parent) {
  return AttributesIn<N>(mnl_attr_get_payload(parent), mnl_attr_get_payload_len(parent));
}

bool Holds(const nlattr* attr, size_t bytes) { return attr != nullptr && mnl_attr_get_payload_len(attr) >= bytes; }

uint16_t U16(const nlattr* attr) { return Holds(attr, 2) ? ntohs(mnl_attr_get_u16(attr)) : 0; }

std::optional<model::IpAddress> Address(const nlattr* v4, const nlattr* v6) {
  if (Holds(v4, 4)) return model::IpAddress::V4(static_cast<const uint8_t*>(mnl_attr_get_payload(v4)));
  if (Holds(v6, 16)) return model::IpAddress::V6(static_cast<const uint8_t*>(mnl_attr_get_payload(v6)));
  return std::nullopt;
}

struct Tuple {
  model::IpAddress source;
  model::IpAddress destination;
  uint8_t protocol = 0;
  uint16_t source_port = 0;
  uint16_t destination_port = 0;
  uint16_t icmp_type = 0;
  uint16_t zone = 0;
};

std::optional<Tuple> ReadTuple(const nlattr* attr) {
  if (attr == nullptr) return std::nullopt;
  const auto parts = Nested<CTA_TUPLE_MAX>(attr);
  if (parts[CTA_TUPLE_IP] == nullptr || parts[CTA_TUPLE_PROTO] == nullptr) return std::nullopt;
  const auto ip = Nested<CTA_IP_MAX>(parts[CTA_TUPLE_IP]);
  const auto source = Address(ip[CTA_IP_V4_SRC], ip[CTA_IP_V6_SRC]);
  const auto destination = Address(ip[CTA_IP_V4_DST], ip[CTA_IP_V6_DST]);
  const auto proto = Nested<CTA_PROTO_MAX>(parts[CTA_TUPLE_PROTO]);
  if (!source || !destination || !Holds(proto[CTA_PROTO_NUM], 1)) return std::nullopt;
  Tuple tuple{.source = *source, .destination = *destination, .protocol = mnl_attr_get_u8(proto[CTA_PROTO_NUM])};
  if (tuple.protocol == IPPROTO_TCP || tuple.protocol == IPPROTO_UDP) {
    tuple.source_port = U16(proto[CTA_PROTO_SRC_PORT]);
    tuple.destination_port = U16(proto[CTA_PROTO_DST_PORT]);
  }
  const nlattr* type = proto[tuple.protocol == IPPROTO_ICMPV6 ? CTA_PROTO_ICMPV6_TYPE : CTA_PROTO_ICMP_TYPE];
  if (Holds(type, 1)) tuple.icmp_type = mnl_attr_get_u8(type);
  tuple.zone = U16(parts[CTA_TUPLE_ZONE]);
  return tuple;
}

std::optional<TrackedConnection> ReadConnection(const nlmsghdr* message) {
  const size_t size = mnl_nlmsg_get_payload_len(message);
  if (size < sizeof(nfgenmsg)) return std::nullopt;
  const auto parts =
      AttributesIn<CTA_MAX>(mnl_nlmsg_get_payload_offset(message, sizeof(nfgenmsg)), size - sizeof(nfgenmsg));
  const auto original = ReadTuple(parts[CTA_TUPLE_ORIG]);
  const auto reply = ReadTuple(parts[CTA_TUPLE_REPLY]);
  if (!original || !reply) return std::nullopt;
  TrackedConnection connection;
  connection.destroyed = NFNL_MSG_TYPE(message->nlmsg_type) == IPCTNL_MSG_CT_DELETE;
  connection.ip_proto = original->protocol;
  connection.original = {
      original->source, original->destination, {original->source_port}, {original->destination_port}};
  connection.translated = {reply->destination, reply->source, {reply->destination_port}, {reply->source_port}};
  if (original->protocol == IPPROTO_ICMP || original->protocol == IPPROTO_ICMPV6) {
    connection.original.orig_p = connection.translated.orig_p = {original->icmp_type};
    connection.original.resp_p = connection.translated.resp_p = {reply->icmp_type};
  }
  // A zone of both directions stands by itself, one of a single direction in its tuple.
  connection.zone = parts[CTA_ZONE] != nullptr ? U16(parts[CTA_ZONE]) : std::max(original->zone, reply->zone);
  if (Holds(parts[CTA_STATUS], 4)) {
    connection.answered = (ntohl(mnl_attr_get_u32(parts[CTA_STATUS])) & IPS_SEEN_REPLY) != 0;
  }
  if (Holds(parts[CTA_ID], 4)) connection.id = ntohl(mnl_attr_get_u32(parts[CTA_ID]));
  return connection;
}

}  // namespace

MessageSummary ReadConntrackMessages(base::Bytes bytes, const ConnectionHandler& handler) {
  MessageSummary summary;
  auto left = static_cast<int>(bytes.size());
  const auto* message = reinterpret_cast<const nlmsghdr*>(bytes.data());
  // libmnl takes lengths over 2 GiB for negative, which is less than what is left.
  const auto fits = [&] { return mnl_nlmsg_ok(message, left) && message->nlmsg_len <= static_cast<uint32_t>(left); };
  for (; fits(); message = mnl_nlmsg_next(message, &left)) {
    if (message->nlmsg_type == NLMSG_DONE) {
      summary.done = true;
    } else if (message->nlmsg_type == NLMSG_ERROR) {
      if (mnl_nlmsg_get_payload_len(message) < sizeof(nlmsgerr)) {
        ++summary.malformed;
        continue;
      }
      const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message));
      if (error->error < 0) summary.error = -error->error;
    } else if (NFNL_SUBSYS_ID(message->nlmsg_type) == NFNL_SUBSYS_CTNETLINK &&
               (NFNL_MSG_TYPE(message->nlmsg_type) == IPCTNL_MSG_CT_NEW ||
                NFNL_MSG_TYPE(message->nlmsg_type) == IPCTNL_MSG_CT_DELETE)) {
      if (const auto connection = ReadConnection(message)) {
        handler(*connection);
      } else {
        ++summary.malformed;
      }
    }
  }
  return summary;
}

}  // namespace quaywatch::dedup
