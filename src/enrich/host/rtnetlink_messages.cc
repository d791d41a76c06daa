// SPDX-License-Identifier: Apache-2.0
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "enrich/host/rtnetlink.h"

namespace quaywatch::enrich::host {
namespace {

constexpr long kTicksPerSecond = 100;  // of ifa_cacheinfo

base::Bytes PayloadOf(const nlattr* attribute) {
  return {static_cast<const uint8_t*>(mnl_attr_get_payload(attribute)), mnl_attr_get_payload_len(attribute)};
}

// Zero for an attribute that is too short.
template <typename T>
T ValueOf(const nlattr* attribute) {
  T value{};
  const base::Bytes payload = PayloadOf(attribute);
  if (payload.size() >= sizeof value) std::memcpy(&value, payload.data(), sizeof value);
  return value;
}

std::string TextOf(const nlattr* attribute) {
  const std::string_view text = base::AsText(PayloadOf(attribute));
  return std::string(text.substr(0, text.find('\0')));
}

template <typename With>
int Tell(const nlattr* attribute, void* with) {
  (*static_cast<With*>(with))(mnl_attr_get_type(attribute), attribute);
  return MNL_CB_OK;
}

// Calls `with` for each attribute behind a header of `header` bytes.
template <typename With>
void ForEachAttribute(const nlmsghdr* message, size_t header, With with) {
  mnl_attr_parse(message, static_cast<unsigned>(header), Tell<With>, &with);
}

template <typename With>
void ForEachNested(const nlattr* nest, With with) {
  mnl_attr_parse_nested(nest, Tell<With>, &with);
}

void ReadLinkData(const nlattr* data, Link& link) {
  ForEachNested(data, [&link](uint16_t type, const nlattr* attribute) {
    if (link.kind == "vxlan" ? type == IFLA_VXLAN_PORT : link.kind == "geneve" && type == IFLA_GENEVE_PORT) {
      link.udp_port = ntohs(ValueOf<uint16_t>(attribute));
    }
  });
}

void ReadLinkInfo(const nlattr* info, Link& link) {
  const nlattr* data = nullptr;
  ForEachNested(info, [&](uint16_t type, const nlattr* attribute) {
    if (type == IFLA_INFO_KIND) link.kind = TextOf(attribute);
    if (type == IFLA_INFO_DATA) data = attribute;
  });
  if (data) ReadLinkData(data, link);
}

bool ReadLink(const nlmsghdr* message, Nsid where, NetworkReader& reader) {
  if (mnl_nlmsg_get_payload_len(message) < sizeof(ifinfomsg)) return false;
  const auto* header = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
  // A bridge tells of its ports with the same message.
  if (header->ifi_family != AF_UNSPEC || header->ifi_index <= 0) return false;
  Link link;
  link.index = static_cast<uint32_t>(header->ifi_index);
  link.loopback = (header->ifi_flags & IFF_LOOPBACK) != 0;
  ForEachAttribute(message, sizeof *header, [&](uint16_t type, const nlattr* attribute) {
    switch (type) {
      case IFLA_IFNAME:
        link.name = TextOf(attribute);
        break;
      case IFLA_LINK:
        link.other = ValueOf<uint32_t>(attribute);
        break;
      case IFLA_LINK_NETNSID:
        link.other_nsid = ValueOf<Nsid>(attribute);
        break;
      case IFLA_NEW_NETNSID:
        link.moved_to = ValueOf<Nsid>(attribute);
        break;
      case IFLA_MASTER:
        link.master = ValueOf<uint32_t>(attribute);
        break;
      case IFLA_TARGET_NETNSID:
        where = ValueOf<Nsid>(attribute);
        break;
      case IFLA_LINKINFO:
        ReadLinkInfo(attribute, link);
        break;
      default:
        break;
    }
  });
  if (message->nlmsg_type == RTM_NEWLINK) {
    reader.OnLink(where, std::move(link));
  } else {
    reader.OnLinkGone(where, link);
  }
  return true;
}

std::optional<model::IpAddress> AddressOf(uint8_t family, const nlattr* attribute) {
  const base::Bytes bytes = PayloadOf(attribute);
  if (family == AF_INET && bytes.size() >= 4) return model::IpAddress::V4(bytes.data());
  if (family == AF_INET6 && bytes.size() >= 16) return model::IpAddress::V6(bytes.data());
  return std::nullopt;
}

bool ReadAddress(const nlmsghdr* message, Nsid where, NetworkReader& reader) {
  if (mnl_nlmsg_get_payload_len(message) < sizeof(ifaddrmsg)) return false;
  const auto* header = static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(message));
  LinkAddress found;
  found.index = header->ifa_index;
  found.global = header->ifa_scope < RT_SCOPE_LINK;
  // On a link with a peer's address, IFA_ADDRESS is the peer's.
  std::optional<model::IpAddress> local, address;
  ForEachAttribute(message, sizeof *header, [&](uint16_t type, const nlattr* attribute) {
    switch (type) {
      case IFA_LOCAL:
        local = AddressOf(header->ifa_family, attribute);
        break;
      case IFA_ADDRESS:
        address = AddressOf(header->ifa_family, attribute);
        break;
      case IFA_CACHEINFO: {
        const uint32_t ticks = ValueOf<ifa_cacheinfo>(attribute).cstamp;
        found.created = std::chrono::milliseconds(int64_t{ticks} * 1000 / kTicksPerSecond);
        break;
      }
      case IFA_TARGET_NETNSID:
        where = ValueOf<Nsid>(attribute);
        break;
      default:
        break;
    }
  });
  if (!local) local = address;
  if (!local) return false;
  found.address = *local;
  if (message->nlmsg_type == RTM_NEWADDR) {
    reader.OnAddress(where, found);
  } else {
    reader.OnAddressGone(where, found);
  }
  return true;
}

bool ReadNamespace(const nlmsghdr* message, Nsid where, NetworkReader& reader) {
  // Numbers that other namespaces give mean nothing here.
  if (where != kNoNsid || mnl_nlmsg_get_payload_len(message) < sizeof(rtgenmsg)) return false;
  Nsid nsid = kNoNsid;
  ForEachAttribute(message, sizeof(rtgenmsg), [&nsid](uint16_t type, const nlattr* attribute) {
    if (type == NETNSA_NSID) nsid = ValueOf<Nsid>(attribute);
  });
  if (nsid < 0) return false;
  if (message->nlmsg_type == RTM_NEWNSID) {
    reader.OnNamespace(nsid);
  } else {
    reader.OnNamespaceGone(nsid);
  }
  return true;
}

// An IPv4 route by way of an IPv6 neighbour: struct rtvia.
void ReadVia(base::Bytes via, NetworkReader& reader) {
  if (via.size() >= 2 + 16 && base::LoadLittle<uint16_t>(via.data()) == AF_INET6) {
    reader.OnGateway(model::IpAddress::V6(via.data() + 2));
  }
}

// A run of struct rtnexthop, each with attributes.
template <typename With>
void ReadNextHops(base::Bytes hops, With with) {
  while (hops.size() >= sizeof(rtnexthop)) {
    rtnexthop hop;
    std::memcpy(&hop, hops.data(), sizeof hop);
    if (hop.rtnh_len < sizeof hop || hop.rtnh_len > hops.size()) return;
    mnl_attr_parse_payload(hops.data() + sizeof hop, hop.rtnh_len - sizeof hop, Tell<With>, &with);
    hops = hops.subspan(std::min<size_t>(hops.size(), RTNH_ALIGN(hop.rtnh_len)));
  }
}

bool ReadRoute(const nlmsghdr* message, NetworkReader& reader) {
  if (mnl_nlmsg_get_payload_len(message) < sizeof(rtmsg)) return false;
  const uint8_t family = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(message))->rtm_family;
  const auto tell = [&](uint16_t type, const nlattr* attribute) {
    if (type != RTA_GATEWAY) return;
    if (const auto gateway = AddressOf(family, attribute)) reader.OnGateway(*gateway);
  };
  ForEachAttribute(message, sizeof(rtmsg), [&](uint16_t type, const nlattr* attribute) {
    tell(type, attribute);
    if (type == RTA_VIA) ReadVia(PayloadOf(attribute), reader);
    if (type == RTA_MULTIPATH) ReadNextHops(PayloadOf(attribute), tell);
  });
  return true;
}

bool ReadMessage(const nlmsghdr* message, Nsid where, NetworkReader& reader) {
  switch (message->nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      return ReadLink(message, where, reader);
    case RTM_NEWADDR:
    case RTM_DELADDR:
      return ReadAddress(message, where, reader);
    case RTM_NEWROUTE:
      return ReadRoute(message, reader);
    case RTM_NEWNSID:
    case RTM_DELNSID:
      return ReadNamespace(message, where, reader);
    default:
      return false;
  }
}

}  // namespace

size_t ReadMessages(base::Bytes messages, Nsid where, NetworkReader& reader) {
  size_t counted = 0;
  int left = static_cast<int>(messages.size());
  const auto* message = reinterpret_cast<const nlmsghdr*>(messages.data());
  while (mnl_nlmsg_ok(message, left)) {
    counted += ReadMessage(message, where, reader) ? 1 : 0;
    message = mnl_nlmsg_next(message, &left);
  }
  return counted;
}

}  // namespace quaywatch::enrich::host
